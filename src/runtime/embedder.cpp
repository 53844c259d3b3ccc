#include "runtime/embedder.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/float_executor.h"

namespace quantface {

namespace {

// Calls put(row, column, channel in the network's order, pixel) for each number of the centre crop.
template <typename Put>
void for_each_cropped_pixel(const PixelsView& image, const InputSpec& spec, const Put& put) {
    if (image.height < spec.height || image.width < spec.width) {
        fail_bad_input("an image of " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                       " pixels is smaller than the network's input of " + std::to_string(spec.width) + "x" +
                       std::to_string(spec.height) + "; give aligned faces of at least that size");
    }
    const int top = (image.height - spec.height) / 2, left = (image.width - spec.width) / 2;
    const int64_t stride = image.row_stride_bytes != 0 ? image.row_stride_bytes : int64_t{3} * image.width;
    for (int row = 0; row < spec.height; ++row) {
        const uint8_t* pixel = image.rgb + (top + row) * stride + int64_t{3} * left;
        for (int column = 0; column < spec.width; ++column, pixel += 3) {
            for (int channel = 0; channel < 3; ++channel) {
                put(row, column, channel,
                    pixel[spec.color_order == ColorOrder::kRgb ? channel : 2 - channel]);
            }
        }
    }
}

// Workspaces outlive a call: allocating one costs as much as a good part of a small network.
template <typename Executor, typename Element>
class ExecutorEmbedder final : public Embedder {
  public:
    template <typename Model, typename... Arguments>
    explicit ExecutorEmbedder(const Model& model, Arguments... arguments)
        : executor_(model, arguments...), spec_(model.input_spec), size_(model.embedding_size()) {}

    int embedding_size() const override { return size_; }
    const InputSpec& input_spec() const override { return spec_; }

    void embed(std::span<const PixelsView> images, std::span<float> embeddings,
               ThreadPool& pool) const override {
        QF_CHECK(embeddings.size() == images.size() * static_cast<size_t>(size_));
        std::vector<std::unique_ptr<Desk>> desks(pool.size());
        pool.parallel_for(static_cast<int64_t>(images.size()), [&](int64_t index, int thread) {
            if (!desks[thread]) desks[thread] = take_desk();
            Desk& desk = *desks[thread];
            prepare(images[index], desk.input);
            executor_.run(desk.input, embeddings.subspan(static_cast<size_t>(index) * size_, size_),
                          *desk.workspace);
        });
        give_back(desks);
    }

  private:
    // What one thread works with.
    struct Desk {
        std::shared_ptr<typename Executor::Workspace> workspace;
        std::vector<Element> input;
    };

    std::unique_ptr<Desk> take_desk() const {
        {
            std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                auto desk = std::move(idle_.back());
                idle_.pop_back();
                return desk;
            }
        }
        auto desk = std::make_unique<Desk>();
        desk->workspace = executor_.make_workspace();
        desk->input.resize(size_t{3} * spec_.height * spec_.width);
        return desk;
    }
    void give_back(std::vector<std::unique_ptr<Desk>>& desks) const {
        std::lock_guard lock(mutex_);
        for (auto& desk : desks) {
            if (desk) idle_.push_back(std::move(desk));
        }
    }

    void prepare(const PixelsView& image, std::vector<float>& input) const {
        to_network_input(image, spec_, input);
    }
    void prepare(const PixelsView& image, std::vector<uint8_t>& input) const {
        to_network_pixels(image, spec_, input);
    }

    Executor executor_;
    InputSpec spec_;
    int size_;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Desk>> idle_;  // as many as threads ever ran at once
};

}  // namespace

void to_network_input(const PixelsView& image, const InputSpec& spec, std::span<float> chw) {
    QF_CHECK(chw.size() == size_t{3} * spec.height * spec.width);
    for_each_cropped_pixel(image, spec, [&](int row, int column, int channel, uint8_t pixel) {
        chw[(static_cast<size_t>(channel) * spec.height + row) * spec.width + column] =
            (static_cast<float>(pixel) - spec.mean[channel]) / spec.std[channel];
    });
}

void to_network_pixels(const PixelsView& image, const InputSpec& spec, std::span<uint8_t> hwc) {
    QF_CHECK(hwc.size() == size_t{3} * spec.height * spec.width);
    for_each_cropped_pixel(image, spec, [&](int row, int column, int channel, uint8_t pixel) {
        hwc[(static_cast<size_t>(row) * spec.width + column) * 3 + channel] = pixel;
    });
}

std::unique_ptr<Embedder> make_embedder(const Graph& graph) {
    return std::make_unique<ExecutorEmbedder<FloatExecutor, float>>(graph);
}

std::unique_ptr<Embedder> make_embedder(const IntegerModel& model, KernelChoice choice) {
    return std::make_unique<ExecutorEmbedder<IntegerExecutor, uint8_t>>(model, choice);
}

}  // namespace quantface
