"""The owner's account at the maker's cloud: what it lists, shows, tells and takes, as one more way to a device."""
