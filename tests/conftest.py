"""What all tests share."""

# Home Assistant's test package puts an empty `custom_components` of its own on the path. The one
# imported first wins; without this line Home Assistant says "Integration not found".
import custom_components.acrel_safety  # noqa: F401 - imported for that effect alone
