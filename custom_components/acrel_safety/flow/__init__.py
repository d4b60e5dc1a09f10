"""The parts of the config flows: forms, steps, probes, drafts of models, and what to tell the user."""
