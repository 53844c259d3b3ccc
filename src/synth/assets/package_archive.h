// The files of a package as the npm registry gives it: a tar archive, compressed with gzip.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace quantface {

// The files whose paths `wanted` accepts, by path. Throws Error(kBadInput) with `name` in it where the bytes
// are no such archive or hold more than a gigabyte of wanted files.
std::map<std::string, std::vector<uint8_t>> read_package_archive(
    std::span<const uint8_t> bytes, const std::string& name,
    const std::function<bool(const std::string&)>& wanted);

}  // namespace quantface
