#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>

#include "base/spin_barrier.h"

namespace quantface {

int available_cores() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

ThreadPool::ThreadPool(int threads) {
    if (threads <= 0) threads = available_cores();
    for (int thread = 1; thread < threads; ++thread) {
        workers_.emplace_back([this, thread] { work(thread); });
    }
}

ThreadPool::~ThreadPool() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    start_.notify_all();
    for (auto& worker : workers_) worker.join();
}

void ThreadPool::parallel_for(int64_t count, FunctionRef<void(int64_t, int)> body) {
    if (count <= 0) return;
    std::atomic<int64_t> next{0};
    run_on_all([&](int thread) {
        for (;;) {
            const int64_t index = next.fetch_add(1, std::memory_order_relaxed);
            if (index >= count || failed_.load(std::memory_order_relaxed)) return;
            body(index, thread);
        }
    });
}

void ThreadPool::run_on_all(FunctionRef<void(int)> body) {
    body_ = &body;
    failed_ = false;
    error_ = nullptr;
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    bool wake = false;
    {
        std::lock_guard lock(mutex_);
        generation_.fetch_add(1, std::memory_order_release);
        wake = sleeping_ > 0;
    }
    if (wake) start_.notify_all();
    run_body(0);
    SpinWait spin;
    while (busy_.load(std::memory_order_acquire) != 0) {
        if (spin.once()) continue;
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&] { return busy_.load(std::memory_order_acquire) == 0; });
    }
    if (error_) std::rethrow_exception(error_);
}

void ThreadPool::run_body(int thread) {
    try {
        (*body_)(thread);
    } catch (...) {
        std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        failed_ = true;
    }
}

void ThreadPool::work(int thread) {
    uint64_t seen = 0;
    for (;;) {
        SpinWait spin;
        while (generation_.load(std::memory_order_acquire) == seen && !stopping_) {
            if (spin.once()) continue;
            std::unique_lock lock(mutex_);
            ++sleeping_;
            start_.wait(lock, [&] { return stopping_ || generation_.load() != seen; });
            --sleeping_;
        }
        if (stopping_) return;
        ++seen;
        run_body(thread);
        if (busy_.fetch_sub(1, std::memory_order_acq_rel) > 1) continue;
        std::lock_guard lock(mutex_);
        done_.notify_one();
    }
}

}  // namespace quantface
