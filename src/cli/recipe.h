// A study as a file: which networks become integer networks of which bits, made with which faces, measured on
// which benchmarks. docs/recipes.md is the description for users.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/recipe_files.h"

namespace quantface {

// Names are letters, digits, '-' and '_': they become names of files.

struct RecipeTeacher {
    std::string name;
    RecipeFile model;
    std::string mean, std;  // as --input-mean and --input-std take them; empty: not said
    bool bgr = false;
    bool optional = false;  // that it is not there is no error
};

struct RecipeData {
    std::string name;
    RecipeFile source;
    // Rendered faces that are drawn once, into a folder of the study, and read from there by all students.
    struct Rendered {
        int64_t images = 0;
        uint64_t seed = 1;
    };
    std::optional<Rendered> rendered;
    bool optional = false;
};

struct RecipeStudent {
    std::string name;
    std::vector<std::string> arguments;  // of `quantize`: bits and how they are reached
    std::vector<size_t> teachers, data;  // which of the recipe's
};

struct RecipeBenchmark {
    std::string name;
    RecipeFile spec;
    bool optional = false;
};

struct RecipeEvaluation {
    std::vector<std::string> arguments;   // of `eval`: what needs no file
    std::optional<RecipeFile> agreement;  // SOURCE on which students are compared with their teachers
    std::optional<RecipeFile> detector;   // for photographs
    std::optional<RecipeFile> faces;      // SOURCE of faces to show
    bool cache = true, html = true, csv = true;
};

struct StudyRecipe {
    std::string name;
    std::filesystem::path out;  // absolute
    std::vector<RecipeTeacher> teachers;
    std::vector<RecipeData> data;
    std::vector<RecipeStudent> students;
    std::vector<RecipeBenchmark> benchmarks;
    RecipeEvaluation evaluation;
};

// The recipe with the changes of each `--set KEY=VALUE` (cli/recipe_toml.h). Files that it names need not be
// there. Throws Error(kBadInput) "FILE:LINE:COLUMN: what" where it cannot be read, is no TOML or says
// something that makes no sense, Error(kUsage) where a change does.
StudyRecipe read_recipe(const std::filesystem::path& file, const std::vector<std::string>& changes);

}  // namespace quantface
