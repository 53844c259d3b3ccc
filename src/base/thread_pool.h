// A fixed set of worker threads and one operation on it: a parallel loop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace quantface {

class ThreadPool {
  public:
    // threads >= 1 counts the calling thread; 0 means one per core available to this process.
    explicit ThreadPool(int threads = 0);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int size() const { return static_cast<int>(workers_.size()) + 1; }

    // Calls body(index, thread) once for each index in [0, count), thread in [0, size()). Returns when all
    // are done. The first exception thrown by a body stops the handing out of further indices and is rethrown
    // here. Not reentrant: a body must not call parallel_for of the same pool.
    void parallel_for(int64_t count, const std::function<void(int64_t index, int thread)>& body);

  private:
    void work(int thread);
    void drain(int thread);

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable start_;
    std::condition_variable done_;
    const std::function<void(int64_t, int)>* body_ = nullptr;
    int64_t count_ = 0;
    int64_t next_ = 0;
    int busy_ = 0;
    uint64_t generation_ = 0;
    bool stopping_ = false;
    std::exception_ptr error_;
};

// Cores available to this process (its affinity mask), at least 1.
int available_cores();

}  // namespace quantface
