"""工作日 working days by the State Council's yearly notices. Not for terms in months: disclosure counts those."""
