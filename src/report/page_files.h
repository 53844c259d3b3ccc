// Files that are part of every page, embedded while building (embed_files.cmake).
#pragma once

#include <string_view>

namespace quantface::report {

std::string_view page_style();
std::string_view page_script();
// d3 and Observable Plot, minified, their licences in front; both empty where the build had none.
std::string_view d3_script();
std::string_view plot_script();

}  // namespace quantface::report
