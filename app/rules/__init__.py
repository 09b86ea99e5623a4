"""The pure floor: rules take frozen facts and give verdicts. Standard library alone, no clock, no input or
output.
"""
