/* Streams of random numbers (struct pd_rng): one for each purpose, so that no two share numbers under one
 * seed. All that there are stand here; a test holds that they do not meet. (A variable's start has a stream
 * of its own: the hash of its name.) */
#ifndef PD_BASE_STREAMS_H
#define PD_BASE_STREAMS_H

/* X(name, first, count, who draws what): a purpose with several parts takes the streams first ..
 * first + count - 1 in turn. */
#define PD_STREAM_LIST(X)                                                                                    \
    X(STEP_Z, 1, 1, "step: noise of the generated images")                                                   \
    X(STEP_CLASS, 2, 1, "step: their classes")                                                               \
    X(SAMPLE_Z, 3, 1, "sample: noise, by class")                                                             \
    X(SOURCE_Z, 4, 1, "generated training sets: noise")                                                      \
    X(SOURCE_CLASS, 5, 1, "generated training sets: classes")                                                \
    X(CANDIDATE_Z, 6, 1, "rejection: noise of the candidates, by class")                                     \
    X(BURN_IN_Z, 7, 1, "rejection: noise of the burn-in, by class")                                          \
    X(FIXED_SET, 8, 1, "fitting capacity: order of a fixed set")                                             \
    X(ASK, 9, 1, "active learning: order of what is asked")                                                  \
    X(STATISTICS, 10, 1, "recalibration: which images")                                                      \
    X(KID_SUBSETS, 12, 2, "kid: subsets of real samples; then, of generated ones")                           \
    X(PRD_CLUSTERS, 14, 2, "prd: where k-means is tried to start; then, its centres")                        \
    X(BOOTSTRAP, 18, 2, "bootstrap of metrics: real samples; then, generated ones")                          \
    X(CLASSIFIER_AUGMENT, 17, 1, "classifiers of metrics: how an image is moved, and mirrored")              \
    X(INCEPTION_SCORE, 16, 1, "inception score: order of the samples")                                       \
    X(STEP_TURN, 20, 2, "step: by how much reals are turned; then, generated images")                        \
    X(STEP_MIX, 11, 1, "step: between a real and a fake, for the gradient penalty")                          \
    X(DROPOUT, 0x100, 0x100, "step: dropout, by layer")                                                      \
    X(DROPOUT_SCORING, 0x200, 0x100, "step: dropout of adversarial sampling's candidates, by layer")         \
    X(STEP_AUGMENT, 0x300, 0x100, "step: changes of what the discriminator is shown, one after the other")   \
    X(STEP_STRONG, 0x400, 0x100, "step: strong changes of the reals, one after the other")                   \
    X(DROPOUT_STRONG, 0x500, 0x100, "step: dropout of what is changed strongly, by layer")                   \
    X(DROPOUT_PASSES, 0x600, 0x100, "stochastic passes of D: dropout, by layer")                             \
    X(DROPOUT_CONFIDENCE, 0x700, 0x100,                                                                      \
      "step: dropout of the averaged D that says how sure it is, by layer")                                  \
    X(DROPOUT_TURNED, 0x800, 0x100, "step: dropout of what is turned, by layer")                             \
    X(PERMUTATION_TEST, 0x57A70000, 1, "statistics: signs")                                                  \
    X(SAVED, 0x57A70001, 1, "statistics: pairs of trials, redrawn")                                          \
    X(REJECT_ACCEPT, 0x5E1EC7F0, 1, "rejection: one number for each candidate")                              \
    X(REJECT_START, 0x5E1EC7F1, 1, "rejection: mh, one for each chain")                                      \
    X(ORDER, 0x7DA70000, 1, "loader: order of the images (of the unlabelled, where they are apart)")         \
    X(ORDER_LABELLED, 0x7DA70001, 1, "loader: order of the labelled images, where they are apart")           \
    X(AUGMENT, 0x7DA70002, 1, "loader: crop and flip")                                                       \
    X(SUBSET, 0x7DA70003, 2, "which images are labelled; then, which classes get one more")                  \
    X(VALIDATION, 0x7DA70005, 2, "which images are held out; then, which classes get one more")              \
    X(STROKES_TRAIN, 0x7DA70007, 1, "strokes: the training split")                                           \
    X(STROKES_TEST, 0x7DA70008, 1, "strokes: the test split")                                                \
    X(SYNTHETIC_CENTRES, 0x7DA70009, 1, "synthetic: centres")                                                \
    X(SYNTHETIC_TRAIN, 0x7DA7000A, 1, "synthetic: the training split")                                       \
    X(SYNTHETIC_TEST, 0x7DA7000B, 1, "synthetic: the test split")                                            \
    X(THIN, 0x7DA7000C, 1, "which images of a set are kept")                                                 \
    X(CLASSES, 0x7DA7000D, 1, "which classes of a set are taken")                                            \
    X(SELECT_RANDOM, 0x7DA80000, 1, "select: scores of the strategy random, index 4 * row")                  \
    X(SELECT_TIES, 0x7DA80001, 1, "select: order of equal scores, index row")                                \
    X(SELECT_SPREAD, 0x7DA80002, 1, "select: k-means++, index = which try it is")

enum pd_stream {
#define PD_STREAM_ENUM(name, first, count, what) PD_STREAM_##name = (first),
    PD_STREAM_LIST(PD_STREAM_ENUM)
#undef PD_STREAM_ENUM
};

#endif
