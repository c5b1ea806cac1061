/* The commands of the program: one line each, in the order of --help. */
#ifndef PD_CLI_COMMANDS_H
#define PD_CLI_COMMANDS_H

#include <paydirt/error.h>

#define COMMAND_LIST(X)                                                                                      \
    X(train, "train a conditional GAN, or go on with an interrupted run")                                    \
    X(eval, "measure a run's networks: fitting capacity, the accuracy of classes")                           \
    X(sample, "generate pictures and arrays")                                                                \
    X(export, "networks as ONNX models, samples as folders, labels as a table, for other programs")          \
    X(score, "what a run's discriminator thinks of real images, GOLD's estimator included")                  \
    X(active, "train, ask for the labels that help most, train again")                                       \
    X(label, "answer what an active run asks, on a page in the browser")                                     \
    X(watch, "runs live in the browser: losses, metrics, samples, time left")                                \
    X(report, "runs as one HTML file: curves, pictures, tables")                                             \
    X(select, "which samples to label next, from any network's logits")                                      \
    X(compare, "set runs against each other: means over trials, differences, curves")                        \
    X(bench, "measure the training step against the machine's matrix product")                               \
    X(devices, "what networks can compute on here, and what is missing for a GPU")                           \
    X(data, "list, fetch, check and show data sets")                                                         \
    X(weights, "check and convert the weights of networks that metrics need")                                \
    X(reproduce, "the papers' tables and figures: runs, means beside the published ones, verdicts")          \
    X(recipes, "the papers' experiments, each as one file: what is in them, what to type")

/* argv[0] is the command's name. What a command finds goes to standard output, all else to standard error;
 * its failures are left to main in err. */
typedef enum pd_status command_function(int argc, char **argv, struct pd_error *err);
#define COMMAND_DECLARE(name, summary) command_function command_##name;
COMMAND_LIST(COMMAND_DECLARE)
#undef COMMAND_DECLARE

#endif
