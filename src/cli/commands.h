/* The commands of the program: one line each, in the order of --help. TOGETHER: may be started many times at
 * once by mpirun or srun. */
#ifndef PD_CLI_COMMANDS_H
#define PD_CLI_COMMANDS_H

#include <paydirt/error.h>

#define COMMAND_LIST(X)                                                                                      \
    X(train, TOGETHER, "train a conditional GAN, or go on with an interrupted run")                          \
    X(eval, ALONE, "measure a run's networks: fitting capacity, the accuracy of classes")                    \
    X(sample, ALONE, "generate pictures and arrays")                                                         \
    X(export, ALONE, "networks as ONNX models, samples as folders, labels as a table, for other programs")   \
    X(score, TOGETHER, "what a run's discriminator thinks of real images, GOLD's estimator included")        \
    X(active, TOGETHER, "train, ask for the labels that help most, train again")                             \
    X(label, ALONE, "answer what an active run asks, on a page in the browser")                              \
    X(watch, ALONE, "runs live in the browser: losses, metrics, samples, time left")                         \
    X(report, ALONE, "runs as one HTML file: curves, pictures, tables")                                      \
    X(select, ALONE, "which samples to label next, from any network's logits")                               \
    X(compare, ALONE, "set runs against each other: means over trials, differences, curves")                 \
    X(bench, ALONE, "measure the training step against the machine's matrix product")                        \
    X(devices, ALONE, "what networks can compute on here, and what is missing for a GPU")                    \
    X(data, ALONE, "list, fetch, check and show data sets")                                                  \
    X(weights, ALONE, "check and convert the weights of networks that metrics need")                         \
    X(reproduce, TOGETHER,                                                                                   \
      "the papers' tables and figures: runs, means beside the published ones, verdicts")                     \
    X(recipes, ALONE, "the papers' experiments, each as one file: what is in them, what to type")

/* argv[0] is the command's name. What a command finds goes to standard output, all else to standard error;
 * its failures are left to main in err. */
typedef enum pd_status command_function(int argc, char **argv, struct pd_error *err);
enum command_ranks { ALONE, TOGETHER };
#define COMMAND_DECLARE(name, ranks, summary) command_function command_##name;
COMMAND_LIST(COMMAND_DECLARE)
#undef COMMAND_DECLARE

#endif
