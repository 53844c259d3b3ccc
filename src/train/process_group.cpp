#include "train/process_group.h"

#include <ATen/ATen.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "base/error.h"

namespace quantface {

namespace {

constexpr std::chrono::seconds kStepLimit(kProcessGroupSeconds);
constexpr std::chrono::minutes kJoinLimit(10);
constexpr std::chrono::hours kPreparationLimit(1);

// The variable's number, or `otherwise` where it is not set. Throws Error(kUsage) where it is none in the
// range.
int number_from_environment(const char* name, int least, int greatest, int otherwise) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') {
        if (otherwise < least) {
            fail_usage(std::string("WORLD_SIZE is set, but ") + name +
                       " is not: training on several processes needs " +
                       "RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT");
        }
        return otherwise;
    }
    int number = 0;
    const char* end = text + std::strlen(text);
    const auto [last, error] = std::from_chars(text, end, number);
    if (error != std::errc() || last != end || number < least || number > greatest) {
        fail_usage(std::string(name) + " is '" + text + "', not a number from " + std::to_string(least) +
                   " to " + std::to_string(greatest));
    }
    return number;
}

// The reason in a library's exception, without its stack.
std::string first_line(const std::exception& exception) {
    const std::string text = exception.what();
    return text.substr(0, text.find('\n'));
}

class GlooGroup final : public ProcessGroup {
  public:
    GlooGroup(int rank, int size, const std::string& address, uint16_t port) : rank_(rank), size_(size) {
        try {
            c10d::TCPStoreOptions store_options;
            store_options.port = port;
            // torchrun serves the store itself.
            const char* served = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
            store_options.isServer = rank == 0 && !(served != nullptr && std::strcmp(served, "True") == 0);
            store_options.numWorkers = static_cast<size_t>(size);
            store_options.waitWorkers = true;  // the server waits for all, and all say that they are there
            store_options.timeout = kJoinLimit;
            auto store = c10::make_intrusive<c10d::TCPStore>(address, store_options);
            const char* restarts = std::getenv("TORCHELASTIC_RESTART_COUNT");
            const std::string prefix = std::string("quantface/") + (restarts == nullptr ? "0" : restarts);
            auto options = c10d::ProcessGroupGloo::Options::create(kJoinLimit);
            options->devices.push_back(device(address));
            group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
                c10::make_intrusive<c10d::PrefixStore>(prefix, store), rank, size, options);
        } catch (const std::exception& exception) {
            fail_work("process " + std::to_string(rank) + " of " + std::to_string(size) +
                      " cannot join the others at " + address + ":" + std::to_string(port) + ": " +
                      first_line(exception));
        }
    }

    int rank() const override { return rank_; }
    int size() const override { return size_; }

    void wait_for_all() override {
        std::vector<at::Tensor> nothing = {at::zeros({1})};
        c10d::AllreduceOptions options;
        options.timeout = kPreparationLimit;
        wait([&] { return group_->allreduce(nothing, options); }, kPreparationLimit);
    }

    void add_up(std::vector<at::Tensor>& tensors) override {
        for (at::Tensor& tensor : tensors) {
            std::vector<at::Tensor> one = {tensor};
            c10d::AllreduceOptions options;
            options.timeout = kStepLimit;
            wait([&] { return group_->allreduce(one, options); }, kStepLimit);
        }
    }

    void take_greatest(at::Tensor& tensor) override {
        std::vector<at::Tensor> one = {tensor};
        c10d::AllreduceOptions options;
        options.timeout = kStepLimit;
        options.reduceOp = c10d::ReduceOp::MAX;
        wait([&] { return group_->allreduce(one, options); }, kStepLimit);
    }

    void broadcast(at::Tensor& tensor) override {
        std::vector<at::Tensor> one = {tensor};
        c10d::BroadcastOptions options;
        options.timeout = kStepLimit;
        wait([&] { return group_->broadcast(one, options); }, kStepLimit);
    }

  private:
    static std::shared_ptr<gloo::transport::Device> device(const std::string& master) {
        if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME"); interface != nullptr) {
            return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
        }
        // On one machine the loopback address will do, and works where the host's name does not resolve.
        if (master == "127.0.0.1" || master == "localhost") {
            return c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1");
        }
        return c10d::ProcessGroupGloo::createDefaultDevice();
    }

    template <typename Start>
    void wait(const Start& start, std::chrono::milliseconds limit) {
        try {
            start()->wait(limit);
        } catch (const std::exception& exception) {
            fail_work("process " + std::to_string(rank_) + " of " + std::to_string(size_) +
                      " lost the others (one of them ended, or the network did): " + first_line(exception));
        }
    }

    int rank_, size_;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

std::unique_ptr<ProcessGroup> ProcessGroup::from_environment() {
    constexpr int kMostProcesses = 65536;
    const int size = number_from_environment("WORLD_SIZE", 1, kMostProcesses, 1);
    if (size == 1) return nullptr;
    const int rank = number_from_environment("RANK", 0, size - 1, -1);
    const int port = number_from_environment("MASTER_PORT", 1, 65535, 0);
    const char* address = std::getenv("MASTER_ADDR");
    if (address == nullptr || *address == '\0') {
        fail_usage(
            "WORLD_SIZE is set, but MASTER_ADDR is not: it names the machine of the process with RANK 0");
    }
    return std::make_unique<GlooGroup>(rank, size, address, static_cast<uint16_t>(port));
}

}  // namespace quantface
