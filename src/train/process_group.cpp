#include "train/process_group.h"

#include <ATen/ATen.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
// A libtorch with CUDA says so itself; NCCL's own header comes with NCCL.
#if defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#define QUANTFACE_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace quantface {

namespace {

constexpr std::chrono::seconds kStepLimit(kProcessGroupSeconds);
constexpr std::chrono::minutes kJoinLimit(10);
constexpr std::chrono::hours kPreparationLimit(1);
constexpr int kMostProcesses = 65536;

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

// Where the processes meet.
struct Meeting {
    int rank = 0, size = 1;
    std::string address;
    uint16_t port = 0;
};

c10::intrusive_ptr<c10d::Store> join_store(const Meeting& meeting) {
    c10d::TCPStoreOptions options;
    options.port = meeting.port;
    // torchrun serves the store itself.
    const char* served = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
    options.isServer = meeting.rank == 0 && !(served != nullptr && std::strcmp(served, "True") == 0);
    options.numWorkers = static_cast<size_t>(meeting.size);
    options.waitWorkers = true;  // the server waits for all, and all say that they are there
    options.timeout = kJoinLimit;
    auto store = c10::make_intrusive<c10d::TCPStore>(meeting.address, options);
    const char* restarts = std::getenv("TORCHELASTIC_RESTART_COUNT");
    const std::string prefix = std::string("quantface/") + (restarts == nullptr ? "0" : restarts);
    return c10::make_intrusive<c10d::PrefixStore>(prefix, store);
}

std::shared_ptr<gloo::transport::Device> gloo_device(const std::string& master) {
    if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME"); interface != nullptr) {
        return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
    }
    // On one machine the loopback address will do, and works where the host's name does not resolve.
    if (master == "127.0.0.1" || master == "localhost") {
        return c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1");
    }
    return c10d::ProcessGroupGloo::createDefaultDevice();
}

c10::intrusive_ptr<c10d::ProcessGroupGloo> join_gloo(const Meeting& meeting) {
    auto options = c10d::ProcessGroupGloo::Options::create(kJoinLimit);
    options->devices.push_back(gloo_device(meeting.address));
    return c10::make_intrusive<c10d::ProcessGroupGloo>(join_store(meeting), meeting.rank, meeting.size,
                                                       options);
}

#if defined(QUANTFACE_NCCL)
c10::intrusive_ptr<c10d::ProcessGroupNCCL> join_nccl(const Meeting& meeting) {
    // Waiting then watches the time and the other processes, as it does with Gloo. Older and newer name.
    constexpr int kUnlessSet = 0;
    for (const char* name : {"NCCL_BLOCKING_WAIT", "TORCH_NCCL_BLOCKING_WAIT"}) setenv(name, "1", kUnlessSet);
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = kJoinLimit;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(join_store(meeting), meeting.rank, meeting.size,
                                                       options);
}
#endif

// Collectives of one of c10d's backends, which takes tensors on `device` only.
template <typename Backend>
class C10dGroup final : public ProcessGroup {
  public:
    C10dGroup(const Meeting& meeting, at::Device device, c10::intrusive_ptr<Backend> (*join)(const Meeting&))
        : meeting_(meeting), device_(device) {
        try {
            backend_ = join(meeting);
        } catch (const std::exception& exception) {
            fail_work(name() + " cannot join the others at " + meeting.address + ":" +
                      std::to_string(meeting.port) + ": " + first_line(exception));
        }
    }

    int rank() const override { return meeting_.rank; }
    int size() const override { return meeting_.size; }

    void wait_for_all() override { reduce(at::zeros({1}), c10d::ReduceOp::SUM, kPreparationLimit); }
    void add_up(const at::Tensor& tensor) override { reduce(tensor, c10d::ReduceOp::SUM, kStepLimit); }
    void take_greatest(const at::Tensor& tensor) override { reduce(tensor, c10d::ReduceOp::MAX, kStepLimit); }
    void broadcast(const at::Tensor& tensor) override {
        c10d::BroadcastOptions options;
        options.timeout = kStepLimit;
        collect(tensor, kStepLimit, [&](auto& tensors) { return backend_->broadcast(tensors, options); });
    }

  private:
    std::string name() const {
        return "process " + std::to_string(meeting_.rank) + " of " + std::to_string(meeting_.size);
    }

    void reduce(const at::Tensor& tensor, c10d::ReduceOp::RedOpType operation,
                std::chrono::milliseconds limit) {
        c10d::AllreduceOptions options;
        options.timeout = limit;
        options.reduceOp = operation;
        collect(tensor, limit, [&](auto& tensors) { return backend_->allreduce(tensors, options); });
    }

    template <typename Start>
    void collect(const at::Tensor& tensor, std::chrono::milliseconds limit, const Start& start) {
        const at::NoGradGuard no_gradients;
        std::vector<at::Tensor> tensors = {tensor.to(device_)};
        try {
            start(tensors)->wait(limit);
        } catch (const std::exception& exception) {
            fail_work(name() +
                      " lost the others (one of them ended, or the network did): " + first_line(exception));
        }
        if (!tensors[0].is_same(tensor)) tensor.copy_(tensors[0]);
    }

    Meeting meeting_;
    at::Device device_;
    c10::intrusive_ptr<Backend> backend_;
};

}  // namespace

std::unique_ptr<ProcessGroup> ProcessGroup::from_environment(at::Device device) {
    Meeting meeting;
    meeting.size = number_from_environment("WORLD_SIZE", 1, kMostProcesses, 1);
    if (meeting.size == 1) return nullptr;
    meeting.rank = number_from_environment("RANK", 0, meeting.size - 1, -1);
    meeting.port = static_cast<uint16_t>(number_from_environment("MASTER_PORT", 1, 65535, 0));
    const char* address = std::getenv("MASTER_ADDR");
    if (address == nullptr || *address == '\0') {
        fail_usage(
            "WORLD_SIZE is set, but MASTER_ADDR is not: it names the machine of the process with RANK 0");
    }
    meeting.address = address;
#if defined(QUANTFACE_NCCL)
    if (device.is_cuda()) {
        return std::make_unique<C10dGroup<c10d::ProcessGroupNCCL>>(meeting, device, join_nccl);
    }
#else
    static_cast<void>(device);
#endif
    return std::make_unique<C10dGroup<c10d::ProcessGroupGloo>>(meeting, at::kCPU, join_gloo);
}

int local_device_index(int count) {
    for (const char* name : {"LOCAL_RANK", "SLURM_LOCALID", "RANK"}) {
        const int number = number_from_environment(name, 0, kMostProcesses, 0);
        if (std::getenv(name) != nullptr) return number % std::max(count, 1);
    }
    return 0;
}

}  // namespace quantface
