"""One function for each rule, of the rule's name."""
