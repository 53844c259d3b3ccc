/* The embedding of one aligned face on QuantFace's runtime library.
 *
 *     embed_aligned MODEL.qfm FACE.ppm [--timing]
 *
 * FACE.ppm is a binary PPM (P6, 8 bits), 112x112 pixels for most networks; `convert face.png face.ppm` makes
 * one. Prints one number a line, normalised to length 1. --timing: instead, milliseconds from the start of
 * main to the loaded model and to the first embedding, and the most memory this process ever held. */
#include <quantface/quantface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double milliseconds(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static int fail(const char* what, const char* why) {
    fprintf(stderr, "embed_aligned: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

/* A number of a PPM's header, 1 to 65535, behind white space and comments; 0 where there is none. */
static int header_number(FILE* file) {
    int number = 0, character = fgetc(file);
    while (character == '#' || character == ' ' || character == '\t' || character == '\r' ||
           character == '\n') {
        if (character == '#') {
            while (character != '\n' && character != EOF) character = fgetc(file);
        }
        character = fgetc(file);
    }
    for (; character >= '0' && character <= '9'; character = fgetc(file)) {
        number = number * 10 + (character - '0');
        if (number > 65535) return 0;
    }
    return number; /* and the one character of white space behind it is read */
}

/* The image's pixels, to be freed; null where the file is not a whole binary PPM. */
static uint8_t* read_ppm(const char* path, quantface_image* image) {
    uint8_t* pixels = NULL;
    FILE* file = fopen(path, "rb");
    if (file == NULL) return NULL;
    if (fgetc(file) == 'P' && fgetc(file) == '6') {
        image->width = header_number(file);
        image->height = header_number(file);
        image->row_stride_bytes = 0;
        if (image->width > 0 && image->height > 0 && header_number(file) == 255) {
            const size_t size = (size_t)3 * (size_t)image->width * (size_t)image->height;
            pixels = malloc(size);
            if (pixels != NULL && fread(pixels, 1, size, file) != size) {
                free(pixels);
                pixels = NULL;
            }
        }
    }
    fclose(file);
    image->rgb = pixels;
    return pixels;
}

static void print_timing(const quantface_model* model, double start, double loaded, double embedded) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("loaded %.2f ms, first embedding %.2f ms, peak memory %.1f MB, %s kernels\n", loaded - start,
           embedded - start, (double)usage.ru_maxrss / 1024, quantface_model_instruction_set(model));
}

int main(int count, char** arguments) {
    const double start = milliseconds();
    const int timing = count == 4 && strcmp(arguments[3], "--timing") == 0;
    if (count != 3 && !timing) {
        fprintf(stderr, "usage: embed_aligned MODEL.qfm FACE.ppm [--timing]\n");
        return 2;
    }

    quantface_error error = {QUANTFACE_OK, ""};
    quantface_model* model = NULL;
    quantface_session* session = NULL;
    if (quantface_model_load(arguments[1], &model, &error) != QUANTFACE_OK ||
        quantface_session_create(model, NULL, &session, &error) != QUANTFACE_OK) {
        quantface_model_free(model);
        return fail("no model", error.text);
    }
    const double loaded = milliseconds();

    const size_t size = (size_t)quantface_model_embedding_size(model);
    float* embedding = malloc(size * sizeof(float));
    quantface_image image;
    uint8_t* pixels = read_ppm(arguments[2], &image);
    int code = EXIT_SUCCESS;
    if (embedding == NULL || pixels == NULL) {
        code = fail(arguments[2], "not a whole binary PPM of 8 bits");
    } else if (quantface_session_embed(session, &image, 1, QUANTFACE_NORMALIZE, embedding, size, &error) !=
               QUANTFACE_OK) {
        code = fail(arguments[2], error.text);
    } else if (timing) {
        print_timing(model, start, loaded, milliseconds());
    } else {
        for (size_t index = 0; index < size; ++index) printf("%.9g\n", (double)embedding[index]);
    }
    free(pixels);
    free(embedding);
    quantface_session_free(session);
    quantface_model_free(model);
    return code;
}
