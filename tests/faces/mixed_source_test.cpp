#include "faces/mixed_source.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "base/error.h"

namespace quantface {
namespace {

// Images of 1 x 1 pixels that tell part and index; persons in pairs.
class NumberedSource final : public ImageSource {
  public:
    NumberedSource(uint8_t part, std::optional<int64_t> size) : part_(part), size_(size) {}

    std::optional<int64_t> size() const override { return size_; }
    Image image(int64_t index) const override {
        EXPECT_TRUE(!size_ || index < *size_);
        return {1, 1, {part_, static_cast<uint8_t>(index & 255), static_cast<uint8_t>(index >> 8)}};
    }
    std::string description() const override { return "part " + std::to_string(part_); }
    std::optional<int64_t> identity(int64_t index) const override {
        if (part_ == 9) return std::nullopt;
        return index / 2;
    }

  private:
    uint8_t part_;
    std::optional<int64_t> size_;
};

MixedPart part(uint8_t number, int64_t weight, std::optional<int64_t> size = std::nullopt) {
    return {std::make_unique<NumberedSource>(number, size), weight};
}

template <typename... Parts>
std::unique_ptr<ImageSource> mixed(Parts... parts) {
    std::vector<MixedPart> list;
    (list.push_back(std::move(parts)), ...);
    return make_mixed_source(std::move(list));
}

TEST(MixedSource, EveryBeginningHoldsTheSharesAndEachPartComesInOrder) {
    const std::vector<std::vector<int64_t>> cases = {
        {7, 3}, {1, 1}, {9999, 1}, {1, 1, 1}, {5000, 3333, 1667}, {50, 30, 15, 4, 1}, {1, 2, 3, 4, 5, 6, 7}};
    for (const std::vector<int64_t>& weights : cases) {
        std::vector<MixedPart> parts;
        double sum = 0;
        for (const int64_t weight : weights) {
            parts.push_back(part(static_cast<uint8_t>(parts.size()), weight));
            sum += static_cast<double>(weight);
        }
        const double bound = 1 - 1 / (2.0 * static_cast<double>(weights.size()) - 2) + 1e-9;
        const auto source = make_mixed_source(std::move(parts));
        EXPECT_FALSE(source->size());
        std::vector<int64_t> given(weights.size(), 0);
        for (int64_t n = 0; n < 25000; ++n) {
            const Image image = source->image(n);
            const size_t k = image.rgb[0];
            ASSERT_EQ(image.rgb[1] + 256 * image.rgb[2], given[k] & 65535) << n;
            ++given[k];
            for (size_t i = 0; i < weights.size(); ++i) {
                const double wanted = static_cast<double>(weights[i]) / sum * static_cast<double>(n + 1);
                ASSERT_LE(std::abs(static_cast<double>(given[i]) - wanted), bound)
                    << "part " << i << " of " << weights.size() << " after " << n + 1;
            }
        }
    }
}

TEST(MixedSource, AnyOrderOfRequestsGivesTheSame) {
    const auto source = mixed(part(0, 2), part(1, 5));
    std::array<std::vector<Image>, 2> seen;
    std::thread backwards([&] {
        for (int64_t i = 999; i >= 0; --i) seen[1].push_back(source->image(i));
    });
    for (int64_t i = 0; i < 1000; ++i) seen[0].push_back(source->image(i));
    backwards.join();
    for (size_t i = 0; i < 1000; ++i) EXPECT_EQ(seen[0][i].rgb, seen[1][999 - i].rgb);
    EXPECT_EQ(source->image(7'000'000'000).rgb[0], source->image(0).rgb[0]) << "period 7";
}

TEST(MixedSource, EndsBeforeTheFirstImageThatAFinitePartLacks) {
    for (const int64_t images : {1, 2, 3, 4, 50, 51, 52, 53}) {
        const auto source = mixed(part(0, 3), part(1, 4, images), part(2, 1, 1000));
        ASSERT_TRUE(source->size());
        int64_t used = 0;
        for (int64_t i = 0; i < *source->size(); ++i) used += source->image(i).rgb[0] == 1 ? 1 : 0;
        EXPECT_EQ(used, images);
    }
    const auto even = mixed(part(0, 1, 10), part(1, 1, 100));
    EXPECT_NEAR(static_cast<double>(*even->size()), 20, 1);
}

TEST(MixedSource, PersonsOfDifferentPartsDiffer) {
    const auto source = mixed(part(0, 1), part(1, 1), part(9, 1));
    std::map<int64_t, std::set<int>> parts_of_person;
    std::map<int64_t, int> images_of_person;
    for (int64_t i = 0; i < 60; ++i) {
        const auto person = source->identity(i);
        const int from = source->image(i).rgb[0];
        EXPECT_EQ(person.has_value(), from != 9);
        if (!person) continue;
        parts_of_person[*person].insert(from);
        ++images_of_person[*person];
    }
    EXPECT_EQ(parts_of_person.size(), 20u);
    for (const auto& [person, from] : parts_of_person) EXPECT_EQ(from.size(), 1u) << person;
    for (const auto& [person, images] : images_of_person) EXPECT_EQ(images, 2) << person;
}

TEST(MixedSource, DescribesItsPartsWithTheirShares) {
    EXPECT_EQ(mixed(part(0, 70), part(1, 30))->description(), "mixture of 70% part 0; 30% part 1");
    EXPECT_EQ(mixed(part(0, 1), part(1, 1), part(2, 1))->description(),
              "mixture of 33.33% part 0; 33.33% part 1; 33.33% part 2");
    EXPECT_EQ(mixed(part(0, 1), part(1, 199))->description(), "mixture of 0.5% part 0; 99.5% part 1");
}

TEST(MixedSource, RefusesWhatIsNoMixture) {
    EXPECT_THROW(mixed(part(0, 1)), Error);
    EXPECT_THROW(mixed(part(0, 1), part(1, 0)), Error);
    EXPECT_THROW(mixed(part(0, 1), part(1, 1 << 20)), Error);
    EXPECT_THROW(mixed(part(0, INT64_MAX), part(1, INT64_MAX - 1)), Error);
    EXPECT_NO_THROW(mixed(part(0, int64_t{1} << 40), part(1, int64_t{1} << 40)));
}

}  // namespace
}  // namespace quantface
