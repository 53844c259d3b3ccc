// A fixed set of worker threads and two operations on it: a parallel loop, and a call on every thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/function_ref.h"

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
    // here. Not reentrant: a body must not use the same pool. Neither operation allocates memory.
    void parallel_for(int64_t count, FunctionRef<void(int64_t index, int thread)> body);

    // Calls body(thread) once on each thread, at once, thread in [0, size()): bodies may wait for each other,
    // and then must not throw. An exception is rethrown as above. Workers that have just worked are still
    // awake, so calls that follow each other closely cost a microsecond or two.
    void run_on_all(FunctionRef<void(int thread)> body);

  private:
    void work(int thread);
    void run_body(int thread);

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable start_, done_;
    const FunctionRef<void(int)>* body_ = nullptr;
    std::atomic<uint64_t> generation_{0};
    std::atomic<int> busy_{0};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> failed_{false};
    int sleeping_ = 0;  // under the mutex
    std::exception_ptr error_;
};

// Cores available to this process (its affinity mask), at least 1.
int available_cores();

}  // namespace quantface
