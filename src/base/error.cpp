#include "base/error.h"

namespace quantface {

void fail_bad_input(const std::string& message) {
    throw Error(ErrorKind::kBadInput, message);
}
void fail_usage(const std::string& message) {
    throw Error(ErrorKind::kUsage, message);
}
void fail_work(const std::string& message) {
    throw Error(ErrorKind::kFailed, message);
}

void check_failed(const char* condition, const char* file, int line) {
    throw std::logic_error(std::string("internal error: ") + condition + " at " + file + ":" +
                           std::to_string(line));
}

}  // namespace quantface
