#include "runtime/buffer_plan.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace quantface {
namespace {

TEST(BufferPlan, LivesThatOverlapNeverShareMemory) {
    Rng rng(1);
    for (int round = 0; round < 50; ++round) {
        std::vector<Lifetime> lifetimes(1 + rng.below(40));
        size_t sum = 0;
        for (Lifetime& life : lifetimes) {
            life.first = static_cast<int>(rng.below(30));
            life.last = life.first + static_cast<int>(rng.below(8));
            life.size_bytes = 1 + rng.below(500);
            sum += (life.size_bytes + 63) / 64 * 64;
        }
        const BufferPlan plan = plan_buffers(lifetimes);
        EXPECT_LE(plan.total_bytes, sum);
        for (size_t a = 0; a < lifetimes.size(); ++a) {
            EXPECT_EQ(plan.offset_bytes[a] % 64, 0u);
            EXPECT_LE(plan.offset_bytes[a] + lifetimes[a].size_bytes, plan.total_bytes);
            for (size_t b = 0; b < a; ++b) {
                const bool live =
                    lifetimes[a].first <= lifetimes[b].last && lifetimes[b].first <= lifetimes[a].last;
                const bool apart = plan.offset_bytes[a] + lifetimes[a].size_bytes <= plan.offset_bytes[b] ||
                                   plan.offset_bytes[b] + lifetimes[b].size_bytes <= plan.offset_bytes[a];
                EXPECT_TRUE(!live || apart);
            }
        }
    }
}

TEST(BufferPlan, AChainNeedsTheLargestNeighboursOnly) {
    std::vector<Lifetime> chain;
    for (int step = 0; step < 20; ++step) chain.push_back({step, step + 1, 640});
    EXPECT_EQ(plan_buffers(chain).total_bytes, 1280u);
}

}  // namespace
}  // namespace quantface
