// Any bytes as an ONNX file: an import or a quantface::Error of one line, nothing else, in bounded memory.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "formats/onnx_import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        quantface::OnnxImport imported = quantface::import_onnx({data, size}, "fuzz.onnx", {});
        quantface::validate(imported.graph);
    } catch (const quantface::Error& error) {
        const std::string text = error.what();
        if (text.rfind("fuzz.onnx: ", 0) != 0 || text.find('\n') != std::string::npos) std::abort();
    }
    return 0;
}
