"""How a person joins each shop of the demo's merchant to the ERP, through the API."""
