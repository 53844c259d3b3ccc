#include "runtime/embedder.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
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

// Workspaces outlive a call, so that calls allocate nothing but the first ones.
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
        const TeamLease team(*this, pool.size());
        const auto embedding = [&](int64_t index) {
            return embeddings.subspan(static_cast<size_t>(index) * size_, size_);
        };
        // Whole rounds of one image a thread; of what is left each image is divided over the threads.
        const auto count = static_cast<int64_t>(images.size());
        const int64_t apart = kDivides ? count - count % pool.size() : count;
        for (Desk& desk : team->desks) {
            if (apart > 0 && !desk.workspace) desk = make_desk(1);
        }
        pool.parallel_for(apart, [&](int64_t index, int thread) {
            Desk& desk = team->desks[static_cast<size_t>(thread)];
            prepare(images[static_cast<size_t>(index)], desk.input);
            executor_.run(desk.input, embedding(index), *desk.workspace);
        });
        if constexpr (kDivides) {
            if (apart < count && !team->together.workspace) team->together = make_desk(pool.size());
            for (int64_t index = apart; index < count; ++index) {
                prepare(images[static_cast<size_t>(index)], team->together.input);
                executor_.run(team->together.input, embedding(index), *team->together.workspace, pool);
            }
        }
    }

  private:
    // Whether the executor can divide one image over threads.
    static constexpr bool kDivides = std::is_same_v<Executor, IntegerExecutor>;

    struct Desk {
        std::shared_ptr<typename Executor::Workspace> workspace;
        std::vector<Element> input;
    };
    // What the threads of one call work with: a desk each, or one for all together. Made when first needed.
    struct Team {
        std::vector<Desk> desks;
        Desk together;
    };
    // One of the teams that no call has, or a new one; given back at the end, whatever happens.
    class TeamLease {
      public:
        TeamLease(const ExecutorEmbedder& embedder, int threads) : embedder_(embedder) {
            const std::lock_guard lock(embedder_.mutex_);
            for (std::unique_ptr<Team>& idle : embedder_.idle_) {
                if (idle && idle->desks.size() == static_cast<size_t>(threads)) {
                    team_ = std::move(idle);
                    return;
                }
            }
            embedder_.idle_.emplace_back();  // a place to come back to
            team_ = std::make_unique<Team>();
            team_->desks.resize(static_cast<size_t>(threads));
        }
        ~TeamLease() {
            const std::lock_guard lock(embedder_.mutex_);
            *std::find(embedder_.idle_.begin(), embedder_.idle_.end(), nullptr) = std::move(team_);
        }
        TeamLease(const TeamLease&) = delete;
        TeamLease& operator=(const TeamLease&) = delete;
        Team* operator->() const { return team_.get(); }

      private:
        const ExecutorEmbedder& embedder_;
        std::unique_ptr<Team> team_;
    };

    Desk make_desk(int threads) const {
        Desk desk;
        if constexpr (kDivides) {
            desk.workspace = executor_.make_workspace(threads);
        } else {
            desk.workspace = executor_.make_workspace();
        }
        desk.input.resize(size_t{3} * spec_.height * spec_.width);
        return desk;
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
    // As many as there ever were calls at once; empty places belong to those that run.
    mutable std::vector<std::unique_ptr<Team>> idle_;
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
    const bool one_piece = image.row_stride_bytes == 0 || image.row_stride_bytes == int64_t{3} * image.width;
    if (one_piece && spec.color_order == ColorOrder::kRgb && image.height == spec.height &&
        image.width == spec.width) {
        std::copy(image.rgb, image.rgb + hwc.size(), hwc.begin());
        return;
    }
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
