"""Nothing to configure here: options, fixtures and reports are the plugin ``fixtures.plugin`` (see pyproject.toml)."""
