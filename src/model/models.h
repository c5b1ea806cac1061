/* One line per network. */
PD_MODEL(pd_model_mlp)
PD_MODEL(pd_model_infogan)
PD_MODEL(pd_model_dcgan)
