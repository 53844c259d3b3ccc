// After its first calls an embedder takes no memory from the heap. A program of its own, as it counts what
// the whole program allocates.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "random_models.h"
#include "runtime/embedder.h"

namespace {
std::atomic<int64_t> allocations = 0;
}

void* operator new(size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size ? size : 1)) return memory;
    throw std::bad_alloc();
}
void* operator new(size_t size, std::align_val_t alignment) {
    ++allocations;
    const auto unit = static_cast<size_t>(alignment);
    if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace quantface {
namespace {

TEST(AllocationTest, NoneAfterTheFirstCalls) {
    const IntegerModel model = random_mobile_face_net(1);
    const auto embedder = make_embedder(model);
    Rng rng(1);
    const auto pixels = random_pixels(model, rng);
    const PixelsView image{pixels.data(), model.input_spec.height, model.input_spec.width};
    for (const int threads : {1, 2}) {
        ThreadPool pool(threads);
        for (const int count : {1, 4, 5}) {
            const std::vector<PixelsView> images(static_cast<size_t>(count), image);
            std::vector<float> embeddings(images.size() * static_cast<size_t>(embedder->embedding_size()));
            embedder->embed(images, embeddings, pool);
            const int64_t before = allocations;
            for (int call = 0; call < 5; ++call) embedder->embed(images, embeddings, pool);
            EXPECT_EQ(allocations, before) << threads << " threads, " << count << " images";
        }
    }
    EXPECT_GT(allocations, 0);
}

}  // namespace
}  // namespace quantface
