"""Figures: each made by one function that returns the figure and the numbers behind it."""
