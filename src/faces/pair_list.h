// Lists of pairs of photographs: LFW's pairs.txt, pairsDevTrain.txt and pairsDevTest.txt, and lists of two
// paths and a truth.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quantface {

struct PairList {
    std::vector<std::string> images;            // paths below the folder, each once, in the order of the list
    std::vector<std::array<int64_t, 2>> pairs;  // numbers of images
    std::vector<bool> same;
    std::vector<int32_t> people;  // of each image; empty: the list does not say
    bool folds = false;           // ten blocks in order, each with pairs of both kinds
};

// Two forms, told apart by the first line:
//   - LFW's (Huang et al. 2007, vis-www.cs.umass.edu/lfw): a line "FOLDS PAIRS" or "PAIRS", then for each
//   fold PAIRS lines
//     "NAME N1 N2" of one person and as many "NAME N1 NAME N2" of two. The image is NAME/NAME_0001.jpg below
//     the folder
//     (.png, .jpeg, .bmp or .webp where there is no .jpg). A list without folds is dealt into ten blocks of
//     both kinds;
//   - lines "PATH PATH 0|1" (1: same person; -1 counts as 0), with commas, tabs or blanks between them, with
//   or without a
//     first line that names the columns.
// Throws Error(kBadInput) naming file and line where a line is neither, and where a photograph is not in the
// folder.
PairList read_pair_list(const std::filesystem::path& list, const std::filesystem::path& folder);

// Reorders pairs into ten blocks that each hold a tenth of either kind, in their order.
void deal_into_ten_blocks(PairList& list);

}  // namespace quantface
