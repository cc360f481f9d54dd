"""The resources, one module each. They declare routes and never import each other."""
