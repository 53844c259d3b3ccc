#include "quantize/bit_allocation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "formats/qfm.h"
#include "numerics/bit_packing.h"
#include "small_quantization.h"

namespace quantface {
namespace {

std::vector<LayerSensitivity> random_layers(uint64_t seed, int count) {
    Rng rng(seed);
    std::vector<LayerSensitivity> layers(count);
    for (LayerSensitivity& layer : layers) {
        layer.weights = 8 * (1 + rng.below(40));
        layer.loss[kMinBits] = std::exp(rng.uniform(-6, 0));
        for (int bits = kMinBits + 1; bits <= kMaxBits; ++bits) layer.loss[bits] = layer.loss[bits - 1] / 4;
    }
    return layers;
}

struct Total {
    uint64_t bytes = 0;
    double loss = 0;
};
Total total_of(const std::vector<LayerSensitivity>& layers, const std::vector<int>& bits) {
    Total total;
    for (size_t i = 0; i < layers.size(); ++i) {
        total.bytes += packed_size_bytes(layers[i].weights, bits[i]);
        total.loss += layers[i].loss[bits[i]];
    }
    return total;
}

// By trying everything.
double least_loss(const std::vector<LayerSensitivity>& layers, uint64_t budget) {
    double least = HUGE_VAL;
    std::vector<int> bits(layers.size(), kMinBits);
    while (true) {
        const Total total = total_of(layers, bits);
        if (total.bytes <= budget) least = std::min(least, total.loss);
        size_t digit = 0;
        while (digit < bits.size() && bits[digit] == kMaxBits) bits[digit++] = kMinBits;
        if (digit == bits.size()) return least;
        ++bits[digit];
    }
}

TEST(ChooseBits, FitsTheBudgetAndComesNearTheBest) {
    for (uint64_t seed = 1; seed <= 12; ++seed) {
        const auto layers = random_layers(seed, 5);
        const uint64_t least = total_of(layers, std::vector<int>(5, kMinBits)).bytes;
        const uint64_t most = total_of(layers, std::vector<int>(5, kMaxBits)).bytes;
        for (const double part : {0.0, 0.2, 0.5, 0.9, 1.0}) {
            const auto budget = least + static_cast<uint64_t>(part * static_cast<double>(most - least));
            const std::vector<int> bits = choose_bits(layers, budget);
            ASSERT_EQ(bits.size(), layers.size());
            const Total total = total_of(layers, bits);
            EXPECT_LE(total.bytes, budget);
            // Greedy: at worst one step of one layer away.
            EXPECT_LE(total.loss, 2.5 * least_loss(layers, budget)) << seed << " " << part;
            EXPECT_LE(total.loss, total_of(layers, std::vector<int>(5, kMinBits)).loss);
        }
        EXPECT_TRUE(choose_bits(layers, least - 1).empty());
        EXPECT_EQ(choose_bits(layers, most), std::vector<int>(5, kMaxBits));
    }
}

TEST(ChooseBits, StaysWithinEachLayersWidths) {
    auto layers = random_layers(5, 6);
    for (LayerSensitivity& layer : layers) {
        layer.least_bits = 3;
        layer.greatest_bits = 5;
    }
    EXPECT_EQ(choose_bits(layers, 1u << 20), std::vector<int>(6, 5));
    const uint64_t least = total_of(layers, std::vector<int>(6, 3)).bytes;
    EXPECT_EQ(choose_bits(layers, least), std::vector<int>(6, 3));
    EXPECT_TRUE(choose_bits(layers, least - 1).empty());
}

TEST(ChooseBits, WhatLosesNothingGetsNothing) {
    auto layers = random_layers(3, 4);
    layers[1].loss.fill(0);
    const std::vector<int> bits = choose_bits(layers, 1u << 20);
    EXPECT_EQ(bits[1], kMinBits);
    EXPECT_EQ(bits[0], kMaxBits);
}

PostTrainingOptions eight_bit_activations() {
    PostTrainingOptions options = quick_options(8);
    options.held_out_images = 48;
    return options;
}

TEST(TargetSize, IsKeptAndBetterThanUniformBitsOfThatSize) {
    constexpr int kNetworks = 3;
    for (Graph (*make)(uint64_t) : {small_mobile_face_net, small_iresnet}) {
        double even_losses = 0, chosen_losses = 0, sized_losses = 0;
        for (uint64_t seed = 17; seed < 17 + kNetworks; ++seed) {
            const Graph graph = make(seed);
            PostTrainingOptions uniform = eight_bit_activations();
            uniform.weight_bits = 3;
            const PostTrainingResult even = quantize_small(graph, uniform);
            even_losses += 1 - even.held_out_cosine;

            PostTrainingOptions target = eight_bit_activations();
            target.target_bits = 3.0;
            const PostTrainingResult chosen = quantize_small(graph, target);
            EXPECT_LE(packed_weight_bytes(chosen.model), packed_weight_bytes(even.model) + 40);
            chosen_losses += 1 - chosen.held_out_cosine;

            target.target_bits.reset();
            target.target_bytes = encode_qfm(even.model).size() + 2500;
            const PostTrainingResult sized = quantize_small(graph, target);
            EXPECT_LE(encode_qfm(sized.model).size(), *target.target_bytes);
            sized_losses += 1 - sized.held_out_cosine;
        }
        // On average: what the search measures has no quantized activations.
        EXPECT_LT(chosen_losses, even_losses);
        EXPECT_LT(sized_losses, even_losses / 2);
    }
}

TEST(TargetSize, ImpossibleIsAUsageError) {
    PostTrainingOptions options = eight_bit_activations();
    options.target_bytes = 1000;
    try {
        quantize_small(small_iresnet(1), options);
        FAIL() << "a thousand bytes were enough";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        EXPECT_NE(std::string(error.what()).find("1000 bytes"), std::string::npos) << error.what();
    }
    options.target_bits = 4;
    EXPECT_THROW(quantize_small(small_iresnet(1), options), Error);
    options.target_bytes.reset();
    options.target_bits = 1.5;
    EXPECT_THROW(quantize_small(small_iresnet(1), options), Error);
}

}  // namespace
}  // namespace quantface
