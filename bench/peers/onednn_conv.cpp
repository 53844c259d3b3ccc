#include "onednn_conv.h"

#include <omp.h>

#include <dnnl.hpp>
#include <unordered_map>

#include "base/rng.h"

namespace quantface::peers {

namespace {

using dnnl::memory;

memory::dims weight_dims(const ConvGeometry& geometry) {
    memory::dims dims = {geometry.group_out_channels(), geometry.group_in_channels(), geometry.kernel_height,
                         geometry.kernel_width};
    if (geometry.groups > 1) dims.insert(dims.begin(), geometry.groups);
    return dims;
}

// Padding past the bottom or the right, which our geometry leaves to the output's size.
int padding_behind(int in, int out, int kernel, int stride, int dilation, int padding) {
    return (out - 1) * stride + (kernel - 1) * dilation + 1 - in - padding;
}

void fill(const memory& numbers, int range, Rng& rng) {
    auto* bytes = static_cast<uint8_t*>(numbers.get_data_handle());
    for (size_t i = 0; i < numbers.get_desc().get_size(); ++i) {
        bytes[i] = static_cast<uint8_t>(rng.below(static_cast<uint64_t>(range)));
    }
}

dnnl::primitive_attr attributes(const ConvGeometry& geometry) {
    constexpr int kPerOutChannel = 1 << 1;
    dnnl::primitive_attr attr;
    std::vector<float> scales(static_cast<size_t>(geometry.out_channels));
    for (size_t i = 0; i < scales.size(); ++i) scales[i] = 1e-3f * (1 + 0.01f * static_cast<float>(i % 50));
    attr.set_output_scales(kPerOutChannel, scales);
    dnnl::post_ops after;
    after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.25f, 0.0f);
    attr.set_post_ops(after);
    return attr;
}

dnnl::convolution_forward::primitive_desc describe(const ConvGeometry& g, const dnnl::engine& engine) {
    using tag = memory::format_tag;
    const memory::desc source({1, g.in_channels, g.in_height, g.in_width}, memory::data_type::u8, tag::nhwc);
    const memory::desc weight(weight_dims(g), memory::data_type::s8, tag::any);
    const memory::desc bias({g.out_channels}, memory::data_type::s32, tag::x);
    const memory::desc result({1, g.out_channels, g.out_height, g.out_width}, memory::data_type::u8,
                              tag::nhwc);
    const memory::dims strides = {g.stride_y, g.stride_x}, before = {g.padding_top, g.padding_left};
    const memory::dims behind = {
        padding_behind(g.in_height, g.out_height, g.kernel_height, g.stride_y, g.dilation_y, g.padding_top),
        padding_behind(g.in_width, g.out_width, g.kernel_width, g.stride_x, g.dilation_x, g.padding_left)};
    const dnnl::convolution_forward::desc operation(dnnl::prop_kind::forward_inference,
                                                    dnnl::algorithm::convolution_direct, source, weight, bias,
                                                    result, strides, before, behind);
    return {operation, attributes(g), engine};
}

}  // namespace

struct OnednnConv::State {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    dnnl::convolution_forward convolution;
    std::unordered_map<int, memory> arguments;
};

OnednnConv::OnednnConv(const ConvGeometry& geometry) : state_(std::make_unique<State>()) {
    const auto description = describe(geometry, state_->engine);
    implementation_ = description.impl_info_str();
    state_->convolution = dnnl::convolution_forward(description);
    const memory source(description.src_desc(), state_->engine),
        weight(description.weights_desc(), state_->engine);
    const memory bias(description.bias_desc(), state_->engine),
        result(description.dst_desc(), state_->engine);
    Rng rng(1);
    fill(source, 256, rng);
    fill(bias, 8, rng);
    // Through a plain layout, so that what oneDNN keeps beside the weights (sums for signed arithmetic) is
    // right.
    const memory plain({weight_dims(geometry), memory::data_type::s8,
                        geometry.groups > 1 ? memory::format_tag::goihw : memory::format_tag::oihw},
                       state_->engine);
    fill(plain, 256, rng);
    dnnl::reorder(plain, weight)
        .execute(state_->stream, const_cast<memory&>(plain), const_cast<memory&>(weight));
    state_->stream.wait();
    state_->arguments = {
        {DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, result}};
}

OnednnConv::~OnednnConv() = default;

void OnednnConv::run() {
    state_->convolution.execute(state_->stream, state_->arguments);
    state_->stream.wait();
}

bool OnednnConv::limit(const std::string& instruction_set) {
    omp_set_num_threads(1);
    if (instruction_set == "avx512_vnni") return true;
    return instruction_set == "avx2" && dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2) == dnnl::status::success;
}

std::string OnednnConv::version() {
    const dnnl_version_t* version = dnnl::version();
    return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->patch);
}

}  // namespace quantface::peers
