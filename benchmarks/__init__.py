"""How much a sync costs, side by side with the alternatives."""
