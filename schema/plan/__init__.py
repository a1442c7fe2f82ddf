"""计划 plans: a document becomes one SQL statement that returns the finished JSON."""
