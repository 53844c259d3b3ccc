// The program's version, also part of the record in each .qfm it writes.
#pragma once

namespace quantface {

// Set by the build from the project's version.
constexpr const char* kProgramVersion = QUANTFACE_VERSION;

}  // namespace quantface
