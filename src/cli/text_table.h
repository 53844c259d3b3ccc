// Tables for a terminal: columns as wide as their widest cell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quantface {

class TextTable {
  public:
    // The first column is aligned left, the others right; a header that begins with '<' is aligned left too.
    explicit TextTable(std::vector<std::string> header);

    // One cell for each column.
    void add_row(std::vector<std::string> cells);

    // Header, a rule, the rows; each line ends with a line feed.
    std::string render() const;

  private:
    std::vector<bool> left_;
    std::vector<std::vector<std::string>> rows_;  // the header is the first
};

// "1.23 MB" (decimal megabytes), "45.6 kB", "789 B"
std::string format_bytes(uint64_t bytes);
// "1,234,567"
std::string format_count(int64_t count);

}  // namespace quantface
