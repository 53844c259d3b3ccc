#include "onednn_conv.h"

#include <omp.h>

#include <dnnl.hpp>
#include <map>
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

// What a layer reads and writes.
struct Tensors {
    memory::desc source, weight, bias, result;
};

// Both of oneDNN's operations describe themselves alike.
template <typename Description>
Tensors tensors_of(const Description& description) {
    return {description.src_desc(), description.weights_desc(), description.bias_desc(),
            description.dst_desc()};
}

Tensors wanted_tensors(const ConvGeometry& g) {
    using tag = memory::format_tag;
    return {{{1, g.in_channels, g.in_height, g.in_width}, memory::data_type::u8, tag::nhwc},
            {weight_dims(g), memory::data_type::s8, tag::any},
            {{g.out_channels}, memory::data_type::s32, tag::x},
            {{1, g.out_channels, g.out_height, g.out_width}, memory::data_type::u8, tag::nhwc}};
}

dnnl::convolution_forward::primitive_desc describe_convolution(const ConvGeometry& g,
                                                               const dnnl::engine& engine) {
    const Tensors wanted = wanted_tensors(g);
    const memory::dims strides = {g.stride_y, g.stride_x}, before = {g.padding_top, g.padding_left};
    const memory::dims behind = {
        padding_behind(g.in_height, g.out_height, g.kernel_height, g.stride_y, g.dilation_y, g.padding_top),
        padding_behind(g.in_width, g.out_width, g.kernel_width, g.stride_x, g.dilation_x, g.padding_left)};
    const dnnl::convolution_forward::desc operation(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, wanted.source, wanted.weight,
        wanted.bias, wanted.result, strides, before, behind);
    return {operation, attributes(g), engine};
}

dnnl::inner_product_forward::primitive_desc describe_inner_product(const ConvGeometry& g,
                                                                   const dnnl::engine& engine) {
    const Tensors wanted = wanted_tensors(g);
    const memory::desc result({1, g.out_channels}, memory::data_type::u8, memory::format_tag::nc);
    const dnnl::inner_product_forward::desc operation(dnnl::prop_kind::forward_inference, wanted.source,
                                                      wanted.weight, wanted.bias, result);
    return {operation, attributes(g), engine};
}

}  // namespace

struct OnednnConv::State {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    dnnl::primitive operation;
    std::unordered_map<int, memory> arguments;

    void fill_arguments(const ConvGeometry& geometry, const Tensors& tensors) {
        const memory source(tensors.source, engine), bias(tensors.bias, engine),
            result(tensors.result, engine);
        memory weight(tensors.weight, engine);
        Rng rng(1);
        fill(source, 256, rng);
        fill(bias, 8, rng);
        // Through a plain layout, so that what oneDNN keeps beside the weights (sums for signed arithmetic)
        // is right.
        memory plain({weight_dims(geometry), memory::data_type::s8,
                      geometry.groups > 1 ? memory::format_tag::goihw : memory::format_tag::oihw},
                     engine);
        fill(plain, 256, rng);
        dnnl::reorder(plain, weight).execute(stream, plain, weight);
        stream.wait();
        arguments = {{DNNL_ARG_SRC, source},
                     {DNNL_ARG_WEIGHTS, weight},
                     {DNNL_ARG_BIAS, bias},
                     {DNNL_ARG_DST, result}};
    }
};

bool OnednnConv::can_be_inner_product(const ConvGeometry& g) {
    return g.groups == 1 && g.out_pixels() == 1 && g.kernel_height == g.in_height &&
           g.kernel_width == g.in_width;
}

OnednnConv::OnednnConv(const ConvGeometry& geometry, bool as_inner_product)
    : state_(std::make_unique<State>()) {
    if (as_inner_product) {
        const auto description = describe_inner_product(geometry, state_->engine);
        implementation_ = std::string("inner product, ") + description.impl_info_str();
        state_->operation = dnnl::inner_product_forward(description);
        state_->fill_arguments(geometry, tensors_of(description));
    } else {
        const auto description = describe_convolution(geometry, state_->engine);
        implementation_ = description.impl_info_str();
        state_->operation = dnnl::convolution_forward(description);
        state_->fill_arguments(geometry, tensors_of(description));
    }
}

OnednnConv::~OnednnConv() = default;

void OnednnConv::run() {
    state_->operation.execute(state_->stream, state_->arguments);
    state_->stream.wait();
}

bool OnednnConv::limit(const std::string& instruction_set) {
    omp_set_num_threads(1);
    static const std::map<std::string, dnnl::cpu_isa> kLimits = {
        {"avx2", dnnl::cpu_isa::avx2},
        {"avx_vnni", dnnl::cpu_isa::avx2_vnni},
        {"avx512", dnnl::cpu_isa::avx512_core},
        {"avx512_vnni", dnnl::cpu_isa::avx512_core_vnni}};
    const auto found = kLimits.find(instruction_set);
    return found != kLimits.end() && dnnl::set_max_cpu_isa(found->second) == dnnl::status::success;
}

std::string OnednnConv::version() {
    const dnnl_version_t* version = dnnl::version();
    return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->patch);
}

}  // namespace quantface::peers
