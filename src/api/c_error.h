// Exceptions end here: no error leaves the C interface but as a status and a line of text.
#pragma once

#include <quantface/quantface.h>

#include <exception>
#include <new>
#include <system_error>

#include "base/error.h"

namespace quantface {

// Fills in *error, unless it is null, and returns the status.
quantface_status report(quantface_error* error, quantface_status status, const char* text) noexcept;

// Runs the work of one function of the interface.
template <typename Work>
quantface_status run_guarded(quantface_error* error, const Work& work) noexcept {
    try {
        work();
        return report(error, QUANTFACE_OK, "");
    } catch (const Error& failure) {
        switch (failure.kind()) {
            case ErrorKind::kFailed:
                return report(error, QUANTFACE_FAILED, failure.what());
            case ErrorKind::kUsage:
                return report(error, QUANTFACE_USAGE, failure.what());
            case ErrorKind::kBadInput:
                return report(error, QUANTFACE_BAD_INPUT, failure.what());
        }
        return report(error, QUANTFACE_INTERNAL, failure.what());
    } catch (const std::bad_alloc&) {
        return report(error, QUANTFACE_OUT_OF_MEMORY, "out of memory");
    } catch (const std::system_error& failure) {
        return report(error, QUANTFACE_FAILED, failure.what());
    } catch (const std::exception& failure) {
        return report(error, QUANTFACE_INTERNAL, failure.what());
    } catch (...) {
        return report(error, QUANTFACE_INTERNAL, "an unknown exception");
    }
}

}  // namespace quantface
