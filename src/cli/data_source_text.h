// The grammar of SOURCE on the command line: which sources, in which shares.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quantface {

enum class SourceKind { kRendered, kNoise, kGuided, kFolder, kGenerator, kPath };

// One part of SOURCE, taken apart.
struct SourceText {
    SourceKind kind = SourceKind::kPath;
    std::string text;                  // as it stands there, for messages
    std::string path;                  // kFolder, kGenerator, kPath
    std::optional<uint64_t> seed;      // of kRendered and kNoise; of kGuided the number of images
    std::vector<std::string> options;  // of kGenerator: "name=value"
    int64_t weight = 1;                // its share of the sum of all weights
};

// SOURCE is parts with commas between them. A part is a name or a path with arguments after colons:
// "rendered", "rendered:7" (a seed), "rendered:0.7" and "rendered:70%" (a share), "rendered:7:0.7",
// "folder:PATH:0.3", "FILE.bin:30%", "generator:FILE.pt:latent=512:0.3". Parts without a share divide equally
// what the others leave. A text that exists as a path stands for that path, whatever commas and colons are in
// it; a path that is called as a source is written "./noise". Throws Error(kUsage) where a name or number is
// none, or the shares do not sum up to 1. Relative paths are looked for in `folder`, else in the current one.
std::vector<SourceText> parse_source(const std::string& text, const std::filesystem::path& folder = {});

// The text with every path of files absolute, as seen from `folder`. Throws as parse_source does.
std::string source_with_absolute_paths(const std::string& text, const std::filesystem::path& folder);

}  // namespace quantface
