/* Made by batches.py: do not edit. */
/* clang-format off */
enum { BATCH_K = 20, BATCH_LABELLED = 6, BATCH_SEED = 7 };

static const int64_t labelled_rows[BATCH_LABELLED] = {3, 17, 90, 91, 150, 199};

static const struct {
    const char *strategy;
    int64_t labelled;
    int64_t rows[BATCH_K];
} chosen[] = {
    {"coreset", 0,
     {33, 131, 55, 52, 102, 41, 165, 198, 84, 32, 29, 0, 16, 85, 172, 182, 129, 163, 19, 170}},
    {"coreset", 6,
     {106, 52, 11, 32, 98, 197, 10, 59, 0, 41, 174, 151, 58, 192, 55, 37, 74, 56, 159, 124}},
    {"badge", 0,
     {2, 86, 69, 82, 198, 21, 107, 120, 74, 186, 79, 139, 5, 55, 119, 165, 38, 184, 1, 10}},
    {"badge", 6,
     {2, 85, 81, 26, 198, 108, 113, 119, 73, 184, 139, 6, 79, 55, 35, 40, 135, 186, 1, 10}},
};
