"""What goes in and what comes out: marshmallow schemas and the pure functions they rest on.

Floor 0 of the house: nothing here imports `service`, runs a query, or knows of HTTP.
"""
