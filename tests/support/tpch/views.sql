CREATE TEMPORARY VIEW customer USING parquet OPTIONS (path '${DATA}/customer.parquet');
CREATE TEMPORARY VIEW lineitem USING parquet OPTIONS (path '${DATA}/lineitem.parquet');
CREATE TEMPORARY VIEW nation USING parquet OPTIONS (path '${DATA}/nation.parquet');
CREATE TEMPORARY VIEW orders USING parquet OPTIONS (path '${DATA}/orders.parquet');
CREATE TEMPORARY VIEW part USING parquet OPTIONS (path '${DATA}/part.parquet');
CREATE TEMPORARY VIEW partsupp USING parquet OPTIONS (path '${DATA}/partsupp.parquet');
CREATE TEMPORARY VIEW region USING parquet OPTIONS (path '${DATA}/region.parquet');
CREATE TEMPORARY VIEW supplier USING parquet OPTIONS (path '${DATA}/supplier.parquet');
