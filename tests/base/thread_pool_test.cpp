#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/spin_barrier.h"

namespace quantface {
namespace {

TEST(ThreadPool, EveryIndexOnce) {
    for (const int threads : {1, 2, 5}) {
        ThreadPool pool(threads);
        EXPECT_EQ(pool.size(), threads);
        for (const int64_t count : {0, 1, 3, 1000}) {
            std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
            std::atomic<bool> thread_in_range = true;
            pool.parallel_for(count, [&](int64_t index, int thread) {
                ++visits[index];
                if (thread < 0 || thread >= threads) thread_in_range = false;
            });
            EXPECT_TRUE(thread_in_range);
            for (const auto& number : visits) EXPECT_EQ(number, 1);
        }
    }
}

// Whoever counts by thread number needs no lock.
TEST(ThreadPool, NoTwoBodiesShareAThreadNumber) {
    ThreadPool pool(4);
    std::vector<std::atomic<int>> running(4);
    std::atomic<bool> shared = false;
    pool.parallel_for(2000, [&](int64_t, int thread) {
        if (++running[thread] != 1) shared = true;
        --running[thread];
    });
    EXPECT_FALSE(shared);
}

TEST(ThreadPool, RethrowsAndStopsHandingOut) {
    for (const int threads : {1, 3}) {
        ThreadPool pool(threads);
        std::atomic<int64_t> done = 0;
        try {
            pool.parallel_for(1000000, [&](int64_t index, int) {
                if (index == 10) throw std::runtime_error("ten");
                ++done;
            });
            FAIL();
        } catch (const std::runtime_error& error) {
            EXPECT_EQ(std::string(error.what()), "ten");
        }
        EXPECT_LT(done, 999999);
        // The pool is as good as new.
        done = 0;
        pool.parallel_for(100, [&](int64_t, int) { ++done; });
        EXPECT_EQ(done, 100);
    }
}

TEST(ThreadPool, ManyShortLoops) {
    ThreadPool pool(3);
    std::atomic<int64_t> sum = 0;
    for (int round = 0; round < 2000; ++round) {
        pool.parallel_for(4, [&](int64_t index, int) { sum += index; });
    }
    EXPECT_EQ(sum, 12000);
}

TEST(ThreadPool, DefaultsToTheCoresAvailable) {
    EXPECT_GE(available_cores(), 1);
    EXPECT_EQ(ThreadPool().size(), available_cores());
}

TEST(ThreadPool, RunsOnAllThreadsAtOnce) {
    for (const int threads : {1, 2, 4}) {
        ThreadPool pool(threads);
        std::vector<int> calls(static_cast<size_t>(threads));
        for (int round = 0; round < 200; ++round) {
            // Nobody passes the barrier before all are there.
            SpinBarrier barrier(threads);
            std::atomic<int> arrived = 0;
            std::atomic<bool> early = false;
            pool.run_on_all([&](int thread) {
                ++calls[static_cast<size_t>(thread)];
                ++arrived;
                barrier.wait();
                if (arrived != threads) early = true;
            });
            EXPECT_FALSE(early);
        }
        for (const int count : calls) EXPECT_EQ(count, 200);
    }
}

TEST(ThreadPool, WakesWorkersThatSleep) {
    ThreadPool pool(3);
    for (int round = 0; round < 3; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        std::atomic<int> calls = 0;
        pool.run_on_all([&](int) { ++calls; });
        EXPECT_EQ(calls, 3);
    }
}

}  // namespace
}  // namespace quantface
