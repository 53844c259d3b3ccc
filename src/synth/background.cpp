#include "synth/background.h"

#include "synth/noise.h"
#include "synth/sampler.h"

namespace quantface {

namespace {

// Positions below are fractions of the picture's side, so a picture of another size shows the same.
struct Shape {
    float x, y, width, height, turn, softness;
    bool round;
    Vec3 colour;
};

Shape sample_shape(Sampler& sampler, float blur) {
    Shape s;
    s.x = sampler.uniform(-0.1f, 1.1f);
    s.y = sampler.uniform(-0.1f, 1.1f);
    s.width = 0.04f + 0.5f * sampler.uniform(0, 1) * sampler.uniform(0, 1);
    s.height = s.width * std::exp(sampler.normal(0, 0.8f));
    s.turn = sampler.chance(0.6f) ? 0.0f : sampler.uniform(0, kPi);
    s.softness = blur * sampler.uniform(0.5f, 1.5f);
    s.round = sampler.chance(0.45f);
    s.colour = sampler.colour(0.02f, 0.95f);
    return s;
}

// c, t: cosine and sine of its turn.
float cover(const Shape& s, float c, float t, float x, float y) {
    const float dx = x - s.x, dy = y - s.y;
    const float u = std::abs(c * dx + t * dy) - s.width, v = std::abs(c * dy - t * dx) - s.height;
    if (s.round) {
        const float p = (c * dx + t * dy) / s.width, q = (c * dy - t * dx) / s.height;
        const float outside = (std::sqrt(p * p + q * q) - 1) * std::min(s.width, s.height);
        return smooth_step(s.softness, -s.softness, outside);
    }
    return smooth_step(s.softness, -s.softness, std::max(u, v));
}

// Over what is there, within the square that holds the shape however it is turned.
void draw(const Shape& s, int size, std::span<const float> open, std::vector<Vec3>& picture) {
    const float reach = std::hypot(s.width, s.height) + 2 * s.softness, side = static_cast<float>(size);
    const float c = std::cos(s.turn), t = std::sin(s.turn);
    auto limit = [&](float at) { return std::clamp(static_cast<int>(at * side), 0, size); };
    for (int row = limit(s.y - reach); row < limit(s.y + reach + 1 / side); ++row) {
        const float y = (static_cast<float>(row) + 0.5f) / side;
        for (int column = limit(s.x - reach); column < limit(s.x + reach + 1 / side); ++column) {
            const auto pixel = static_cast<size_t>(row * size + column);
            if (open[pixel] == 0) continue;
            const float x = (static_cast<float>(column) + 0.5f) / side;
            Vec3& colour = picture[pixel];
            colour = mix(colour, s.colour, 0.9f * cover(s, c, t, x, y));
        }
    }
}

}  // namespace

std::vector<Vec3> render_background(int size, uint32_t seed, std::span<const float> open) {
    Sampler sampler(seed, 0xb6);
    const Vec3 first = sampler.colour(0.02f, 0.95f) * (sampler.chance(0.35f) ? 0.3f : 1.0f);
    const Vec3 second = mix(first, sampler.colour(0.02f, 0.95f), sampler.uniform(0, 1));
    const Vec3 third = sampler.colour(0.05f, 0.9f);
    const float turn = sampler.uniform(0, 2 * kPi);
    const float blur = sampler.chance(0.5f) ? sampler.uniform(0.002f, 0.03f) : sampler.uniform(0.03f, 0.2f);
    const float clouds = sampler.uniform(0, 1) * sampler.uniform(0, 1),
                cloud_scale = sampler.uniform(1.5f, 9);
    const float texture = sampler.chance(0.2f) ? sampler.uniform(0.05f, 0.3f) : sampler.uniform(0, 0.03f);
    const float texture_scale = sampler.uniform(12, 50), stretch = std::exp(sampler.normal(0, 0.7f));
    const float stripes = sampler.chance(0.15f) ? sampler.uniform(0.1f, 0.8f) : 0.0f;
    const float stripe_scale = sampler.uniform(3, 30),
                stripe_turn = sampler.chance(0.7f) ? 0.0f : sampler.uniform(0, kPi);
    std::vector<Shape> shapes(sampler.chance(0.25f) ? 0 : static_cast<size_t>(1 + sampler.below(14)));
    for (Shape& shape : shapes) shape = sample_shape(sampler, blur);
    // Small bright discs: lamps out of focus.
    const size_t lamps = sampler.chance(0.15f) ? static_cast<size_t>(3 + sampler.below(15)) : 0;
    for (size_t i = 0; i < lamps; ++i) {
        Shape s = sample_shape(sampler, 0.008f);
        s.round = true;
        s.width = s.height = sampler.uniform(0.015f, 0.07f);
        s.colour = sampler.colour(0.7f, 1.3f);
        shapes.push_back(s);
    }
    std::vector<Vec3> picture(static_cast<size_t>(size) * static_cast<size_t>(size));
    const float side = static_cast<float>(size);
    const float turn_x = std::cos(turn) / 1.2f, turn_y = std::sin(turn) / 1.2f;
    const float stripe_x = std::cos(stripe_turn), stripe_y = std::sin(stripe_turn);
    for (int row = 0; row < size; ++row) {
        const float y = (static_cast<float>(row) + 0.5f) / side;
        for (int column = 0; column < size; ++column) {
            if (open[static_cast<size_t>(row * size + column)] == 0) continue;
            const float x = (static_cast<float>(column) + 0.5f) / side;
            const float along = 0.5f + turn_x * (x - 0.5f) + turn_y * (y - 0.5f);
            Vec3 colour = mix(first, second, smooth_step(0, 1, along));
            if (clouds > 0.02f) {
                const float cloud = fractal2(x * cloud_scale, y * cloud_scale, 3, seed);
                colour = mix(colour, third, clouds * saturate(0.5f + cloud));
            }
            if (stripes > 0) {
                const float wave = stripe_x * x + stripe_y * y;
                colour = mix(colour, third,
                             stripes * smooth_step(-0.2f, 0.2f, std::sin(2 * kPi * stripe_scale * wave)));
            }
            picture[static_cast<size_t>(row * size + column)] = colour;
        }
    }
    for (const Shape& shape : shapes) draw(shape, size, open, picture);
    if (texture < 0.01f) return picture;
    for (int row = 0; row < size; ++row) {
        for (int column = 0; column < size; ++column) {
            if (open[static_cast<size_t>(row * size + column)] == 0) continue;
            const float x = static_cast<float>(column) / side, y = static_cast<float>(row) / side;
            const float grain =
                fractal2(x * texture_scale * stretch, y * texture_scale / stretch, 3, seed + 9);
            Vec3& colour = picture[static_cast<size_t>(row * size + column)];
            colour = colour * (1 + texture * 1.6f * grain);
        }
    }
    return picture;
}

}  // namespace quantface
