// Every single-precision matrix kernel that this CPU runs, against double precision.
#include "kernels/float/sgemm.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/rng.h"

namespace quantface {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> random_numbers(int64_t count, Rng& rng) {
    std::vector<float> numbers(static_cast<size_t>(count));
    for (float& number : numbers) number = static_cast<float>(rng.uniform(-1, 1));
    return numbers;
}

struct Product {
    int64_t m, n, depth;
    std::vector<float> a, bias, b;  // m x depth, m, depth x n

    Product(int64_t rows, int64_t columns, int64_t inner, Rng& rng)
        : m(rows),
          n(columns),
          depth(inner),
          a(random_numbers(rows * inner, rng)),
          bias(random_numbers(rows, rng)),
          b(random_numbers(inner * columns, rng)) {}

    double expected(int64_t row, int64_t column, bool with_bias) const {
        double sum = with_bias ? bias[row] : 0;
        for (int64_t k = 0; k < depth; ++k) sum += double{a[row * depth + k]} * b[k * n + column];
        return sum;
    }
};

// What lies around C must stay, and what lies right of a panel's width must not matter.
void expect_panel_matches(const Product& product, const SgemmKernel& kernel, bool with_bias) {
    const PackedLeftMatrix packed(product.a.data(), with_bias ? product.bias.data() : nullptr, product.m,
                                  product.depth, kernel);
    std::vector<float> panel(packed.panel_size(), kNan), scratch(packed.scratch_size(), kNan);
    for (int64_t k = 0; k < product.depth; ++k) {
        for (int64_t i = 0; i < product.n; ++i)
            panel[k * packed.panel_columns() + i] = product.b[k * product.n + i];
    }
    const int64_t stride = product.n + 3;
    std::vector<float> c(static_cast<size_t>(product.m * stride), 77.0f);
    packed.multiply_panel(panel.data(), product.n, c.data(), stride, scratch.data());
    for (int64_t row = 0; row < product.m; ++row) {
        for (int64_t column = 0; column < stride; ++column) {
            const double wanted = column < product.n ? product.expected(row, column, with_bias) : 77.0;
            ASSERT_NEAR(c[row * stride + column], wanted,
                        1e-5 * (1 + static_cast<double>(product.depth) / 16))
                << kernel.name << ": " << product.m << "x" << product.n << "x" << product.depth << " at "
                << row << ", " << column;
        }
    }
}

void expect_column_matches(const Product& product, const SgemmKernel& kernel) {
    const PackedLeftMatrix packed(product.a.data(), product.bias.data(), product.m, product.depth, kernel);
    std::vector<float> scratch(packed.scratch_size(), kNan), c(static_cast<size_t>(product.m + 1), 77.0f);
    packed.multiply_column(product.b.data(), c.data(), scratch.data());
    for (int64_t row = 0; row < product.m; ++row) {
        ASSERT_NEAR(c[row], product.expected(row, 0, true),
                    1e-5 * (1 + static_cast<double>(product.depth) / 16))
            << kernel.name << ": " << product.m << "x" << product.depth << " at " << row;
    }
    EXPECT_EQ(c.back(), 77.0f);
}

TEST(SgemmTest, EveryKernelMatchesDoublePrecision) {
    Rng rng(1);
    int tested = 0;
    for (const SgemmKernel* kernel : sgemm_kernels()) {
        if (!kernel->supported()) continue;
        ++tested;
        for (const int64_t m : {1, 3, 4, 7, 8, 9, 16, 21}) {
            for (const int64_t depth : {1, 2, 5, 8, 64, 147}) {
                for (int64_t n = 1; n <= kernel->columns(); n += 1 + n % 3) {
                    expect_panel_matches(Product(m, n, depth, rng), *kernel, n % 2 == 0);
                }
                expect_column_matches(Product(m, 1, depth, rng), *kernel);
            }
        }
    }
    EXPECT_GE(tested, 1);
    EXPECT_TRUE(best_sgemm_kernel().supported());
}

TEST(SgemmTest, APanelWiderThanTheKernelIsRefused) {
    Rng rng(2);
    const Product product(4, 1, 4, rng);
    const PackedLeftMatrix packed(product.a.data(), nullptr, 4, 4);
    std::vector<float> panel(packed.panel_size()), scratch(packed.scratch_size()), c(1000);
    EXPECT_THROW(
        packed.multiply_panel(panel.data(), packed.panel_columns() + 1, c.data(), 200, scratch.data()),
        std::logic_error);
    EXPECT_THROW(packed.multiply_panel(panel.data(), 0, c.data(), 200, scratch.data()), std::logic_error);
}

}  // namespace
}  // namespace quantface
