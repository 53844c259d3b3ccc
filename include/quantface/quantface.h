/* QuantFace's runtime: embeddings of aligned face images by integer networks (.qfm files).
 *
 *     quantface_error error;
 *     quantface_model* model = NULL;
 *     quantface_session* session = NULL;
 *     if (quantface_model_load("small.qfm", &model, &error) != QUANTFACE_OK) ...error.text says why...
 *     if (quantface_session_create(model, NULL, &session, &error) != QUANTFACE_OK) ...
 *
 * Threads: a model never changes and may be used by any number of threads. A session is used by one thread at
 * a time; sessions of one model share its weights, so a program with several threads gives each a session of
 * its own.
 *
 * Errors: functions that can fail return a status and fill in `error`, which may be NULL. Nothing is thrown,
 * printed or kept in global state. After an error the handle that was asked for is NULL.
 *
 * Binary compatibility: handles are opaque, and within one major version of the library (0 counts as one)
 * functions only come to be added. Fields may be added to structs that begin with struct_size; the others
 * stay as they are.
 */
#ifndef QUANTFACE_QUANTFACE_H
#define QUANTFACE_QUANTFACE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define QUANTFACE_API __attribute__((visibility("default")))
#else
#define QUANTFACE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Why a call did not do its work. */
typedef int32_t quantface_status;
enum {
    QUANTFACE_OK = 0,
    QUANTFACE_FAILED = 1,        /* the work itself failed: no thread could be started */
    QUANTFACE_USAGE = 2,         /* an argument (or QUANTFACE_ISA) makes no sense; a defect of the caller */
    QUANTFACE_BAD_INPUT = 3,     /* a file is missing, damaged or too new, or an image too small */
    QUANTFACE_OUT_OF_MEMORY = 4, /* nothing was changed */
    QUANTFACE_INTERNAL = 5       /* a defect of this library; please report it */
};

/* The caller's; no call reads what it held before. text: one line of UTF-8, zero-terminated, cut off where it
 * is longer; empty after QUANTFACE_OK. */
typedef struct quantface_error {
    quantface_status status;
    char text[508];
} quantface_error;

/* A network, ready to run. */
typedef struct quantface_model quantface_model;
/* The memory and the threads that images run in. */
typedef struct quantface_session quantface_session;

/* The version of this library, "0.1.0". */
QUANTFACE_API const char* quantface_version(void);

/* ---- Models ---- */

/* Reads a .qfm file, which is mapped into memory while this call runs and not needed afterwards. It may be
 * hostile: its checksums, structure and every number are checked. It must not be cut short by another process
 * meanwhile (the operating system then ends this one with SIGBUS); files that are replaced by renaming, as
 * they should be, cannot be. Memory afterwards: about a byte for each weight. */
QUANTFACE_API quantface_status quantface_model_load(const char* path, quantface_model** model,
                                                    quantface_error* error);

/* The same for a file of `size` bytes that is in memory already; it is not needed after this call. No
 * alignment is asked for. */
QUANTFACE_API quantface_status quantface_model_load_memory(const void* bytes, size_t size,
                                                           quantface_model** model, quantface_error* error);

/* Sessions of the model stay usable; its memory goes with the last of them. NULL is let pass. */
QUANTFACE_API void quantface_model_free(quantface_model* model);

/* Numbers of one embedding; at least 1. */
QUANTFACE_API int32_t quantface_model_embedding_size(const quantface_model* model);
/* The size of the images that the network was made for, pixels: 112 and 112 for most of the field. */
QUANTFACE_API int32_t quantface_model_input_height(const quantface_model* model);
QUANTFACE_API int32_t quantface_model_input_width(const quantface_model* model);
/* 1 where the network itself takes BGR, 0 where RGB. For information: this library takes images as RGB
 * always. */
QUANTFACE_API int32_t quantface_model_is_bgr(const quantface_model* model);
/* The fewest and the most bits, 2 to 8, that the weights of a layer are stored with. */
QUANTFACE_API int32_t quantface_model_min_weight_bits(const quantface_model* model);
QUANTFACE_API int32_t quantface_model_max_weight_bits(const quantface_model* model);
/* As the file has it, UTF-8 without control characters, maybe empty. Lives as long as the model. */
QUANTFACE_API const char* quantface_model_name(const quantface_model* model);
/* The instruction set whose kernels run it, the best one that this CPU has ("avx512_vnni", ...) or the one
 * that the environment variable QUANTFACE_ISA named when it was loaded. Embeddings are the same to the bit
 * with all of them. */
QUANTFACE_API const char* quantface_model_instruction_set(const quantface_model* model);

/* ---- Sessions ---- */

/* What the threads of a session do. */
enum {
    QUANTFACE_THROUGHPUT = 0, /* each runs another image (and where fewer are left than threads, all of them
                                 the same one): the most images a second */
    QUANTFACE_LATENCY =
        1 /* all work on the same image, one image after the other: the soonest one embedding */
};

typedef struct quantface_session_options {
    size_t struct_size; /* sizeof(quantface_session_options) */
    int32_t threads; /* 1 to 1024, the calling thread included; 0: one for each core this process may use */
    int32_t threads_work; /* QUANTFACE_THROUGHPUT or QUANTFACE_LATENCY */
} quantface_session_options;

/* One thread: the calling one. */
#define QUANTFACE_SESSION_OPTIONS_INIT \
    { sizeof(quantface_session_options), 1, QUANTFACE_THROUGHPUT }

/* options: NULL stands for QUANTFACE_SESSION_OPTIONS_INIT. The memory that images need, a megabyte or a few
 * for each thread, is taken by the first calls, shared with other sessions of the model that do not run at
 * the same time, and kept: later calls allocate nothing. The embeddings are the same to the bit, whatever the
 * options. */
QUANTFACE_API quantface_status quantface_session_create(const quantface_model* model,
                                                        const quantface_session_options* options,
                                                        quantface_session** session, quantface_error* error);

/* Waits for nothing: no call on the session may be running. NULL is let pass. */
QUANTFACE_API void quantface_session_free(quantface_session* session);

/* An aligned face (the five-point 112x112 template of ArcFace, or what the network was trained on). */
typedef struct quantface_image {
    const uint8_t* rgb; /* the first byte of the top row: red, green, blue, 0 to 255 each, the next pixel */
    int32_t height;     /* pixels, at least the network's. What is larger is cropped around its centre. */
    int32_t width;      /* pixels, as above */
    ptrdiff_t row_stride_bytes; /* from a row to the one below it, at least 3 * width, or as much below 0 for
                                   images */
                                /* stored from the bottom; 0: 3 * width */
} quantface_image;

/* Flags of quantface_session_embed. */
enum {
    QUANTFACE_NORMALIZE = 1 /* scale each embedding to Euclidean length 1; all zeros stay as they are */
};

/* The embeddings of `count` images, one after the other, quantface_model_embedding_size() numbers each.
 * embeddings_size: how many numbers there is room for, at least count times that. After an error what the
 * room holds is unspecified. Must not be called on one session by two threads at once (it is refused as
 * QUANTFACE_USAGE). */
QUANTFACE_API quantface_status quantface_session_embed(quantface_session* session,
                                                       const quantface_image* images, size_t count,
                                                       uint32_t flags, float* embeddings,
                                                       size_t embeddings_size, quantface_error* error);

/* ---- Embeddings ---- */

/* The cosine of the angle between two embeddings of `size` numbers, -1 to 1, normalised or not; 0 where one
 * of them is all zeros. The larger, the likelier the same person; from which value on a pair counts as one is
 * for each network and use to measure. */
QUANTFACE_API float quantface_cosine(const float* a, const float* b, size_t size);

#ifdef __cplusplus
}
#endif

#endif
