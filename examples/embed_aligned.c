/* The embedding of one aligned face, by the C interface alone.
 *
 *     embed_aligned MODEL.qfm FACE.ppm [--timing]
 *
 * FACE.ppm is a binary PPM image (P6, 8 bits) of the network's size, aligned. Prints the embedding, normalised, one
 * number a line; with --timing to stderr also how long it took from the start of main(), and the most memory. */
#include <quantface/quantface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* One number of a PPM's header, comments passed over; -1 where there is none. */
static int header_number(FILE* file) {
    int letter = fgetc(file), number = -1;
    while (letter == '#' || letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n') {
        if (letter == '#') {
            while (letter != '\n' && letter != EOF) letter = fgetc(file);
        }
        letter = fgetc(file);
    }
    while (letter >= '0' && letter <= '9' && number < 100000) {
        number = (number < 0 ? 0 : number * 10) + (letter - '0');
        letter = fgetc(file);
    }
    return number; /* and the one white space behind it is gone */
}

/* The pixels of a PPM, which the caller frees, or NULL. */
static uint8_t* read_ppm(const char* path, int* height, int* width) {
    FILE* file = fopen(path, "rb");
    uint8_t* pixels = NULL;
    if (!file) return NULL;
    if (fgetc(file) == 'P' && fgetc(file) == '6') {
        *width = header_number(file);
        *height = header_number(file);
        const int maximum = header_number(file);
        if (*width > 0 && *width <= 8192 && *height > 0 && *height <= 8192 && maximum == 255) {
            const size_t size = (size_t)*width * (size_t)*height * 3;
            pixels = malloc(size);
            if (pixels && fread(pixels, 1, size, file) != size) {
                free(pixels);
                pixels = NULL;
            }
        }
    }
    fclose(file);
    return pixels;
}

int main(int argc, char** argv) {
    const double start = milliseconds();
    quantface_error error;
    quantface_model* model = NULL;
    quantface_session* session = NULL;
    int height = 0, width = 0;
    if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "--timing") != 0)) {
        fprintf(stderr, "usage: embed_aligned MODEL.qfm FACE.ppm [--timing]\n");
        return 2;
    }
    if (quantface_model_load(argv[1], &model, &error) != QUANTFACE_OK ||
        quantface_session_create(model, NULL, &session, &error) != QUANTFACE_OK) {
        fprintf(stderr, "embed_aligned: %s\n", error.text);
        quantface_model_free(model);
        return 3;
    }
    const double loaded = milliseconds();

    uint8_t* pixels = read_ppm(argv[2], &height, &width);
    if (!pixels) fprintf(stderr, "embed_aligned: %s: no binary PPM image of 8 bits\n", argv[2]);
    const size_t size = (size_t)quantface_model_embedding_size(model);
    float* embedding = malloc(size * sizeof(float));
    quantface_status status = QUANTFACE_BAD_INPUT;
    if (pixels && embedding) {
        const quantface_image image = {pixels, height, width, 0};
        status = quantface_session_embed(session, &image, 1, QUANTFACE_NORMALIZE, embedding, size, &error);
        if (status != QUANTFACE_OK) fprintf(stderr, "embed_aligned: %s\n", error.text);
    }
    const double embedded = milliseconds();

    if (status == QUANTFACE_OK) {
        for (size_t index = 0; index < size; ++index) printf("%.9g\n", (double)embedding[index]);
        if (argc == 4) {
            struct rusage usage;
            getrusage(RUSAGE_SELF, &usage);
            fprintf(stderr, "kernels %s: loaded after %.2f ms, first embedding after %.2f ms, peak resident %.1f MB\n",
                    quantface_instruction_set(), loaded - start, embedded - start, (double)usage.ru_maxrss * 1024e-6);
        }
    }
    free(embedding);
    free(pixels);
    quantface_session_free(session);
    quantface_model_free(model);
    return status == QUANTFACE_OK ? 0 : 3;
}
