create table if not exists product (id bigint primary key, name varchar(100) not null, stock int not null);
create table if not exists purchase (product bigint not null, quantity int not null);
