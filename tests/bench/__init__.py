"""Speed measures of DESIGN section 6; run by `make bench`. The tests here are of its arithmetic."""
