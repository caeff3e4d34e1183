delete from purchase;
delete from product;
insert into product (id, name, stock) values (1, 'lamp', 10), (2, 'chair', 20), (3, 'table', 30), (4, 'shelf', 1000000);
