// A barrier for threads that meet every few microseconds.
#pragma once

#include <atomic>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <thread>

namespace quantface {

// One turn of a waiting loop: cheap for the other thread of the core; after a while the core is given away,
// as whom one waits for may want it.
class SpinWait {
  public:
    // Whether it was a short one.
    bool once() {
        if (++turns_ > kShortTurns) {
            std::this_thread::yield();
            return false;
        }
#if defined(__x86_64__)
        _mm_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
        return true;
    }
    int turns() const {
        return turns_;
    }

  private:
    static constexpr int kShortTurns = 2000;  // some tens of microseconds
    int turns_ = 0;
};

class SpinBarrier {
  public:
    explicit SpinBarrier(int threads) : threads_(threads) {}

    // Returns when all threads have called it as often as this one.
    void wait() {
        const unsigned generation = generation_.load(std::memory_order_relaxed);
        if (waiting_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
            waiting_.store(0, std::memory_order_relaxed);
            generation_.store(generation + 1, std::memory_order_release);
            return;
        }
        SpinWait spin;
        while (generation_.load(std::memory_order_acquire) == generation) spin.once();
    }

  private:
    const int threads_;
    std::atomic<int> waiting_{0};
    std::atomic<unsigned> generation_{0};
};

}  // namespace quantface
