// A TorchScript generator (GAN, decoder of a diffusion model) as a source of aligned faces.
#pragma once

#include <filesystem>
#include <memory>

#include "faces/image_source.h"
#include "train/generator_options.h"

namespace quantface {

// Endless; images of side x side pixels. Image i follows from (seed, i) alone, to libtorch's rounding, which
// may depend on device and batch; generated are aligned batches, the latest of which are kept.
//
// With a detector the face that it finds is warped onto the template. Where it finds none, another latent of
// the same index is drawn, up to three times, and at last the first picture is taken by the geometry (whole,
// where that is not known).
//
// A TorchScript file is a program: only run those that you trust. Throws Error(kBadInput) where file or
// detector are not usable, here or later, Error(kUsage) where it is not known where the face is: no geometry
// given, no detector, and a size that says nothing.
std::unique_ptr<ImageSource> make_generator_source(const std::filesystem::path& file,
                                                   const GeneratorOptions& options, int side);

}  // namespace quantface
