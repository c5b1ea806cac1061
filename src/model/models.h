/* One line per network. */
PD_MODEL(pd_model_mlp)
PD_MODEL(pd_model_infogan)
PD_MODEL(pd_model_dcgan)
PD_MODEL(pd_model_sngan)
PD_MODEL(pd_model_wgan_gp)
PD_MODEL(pd_model_acgan)
